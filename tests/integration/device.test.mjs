// oceanremote-device against the real server, both as programs: what a person meets on the command
// line, and what must hold when either of them is killed. BUILD names the directory of the programs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUILD, EMAIL, House, PASSWORD } from '../browser/house.mjs';

let house;
let owner;

// One signed-in owner, as a script with cookie and CSRF token.
class Owner {
  constructor(url, ca) {
    this.url = url;
    this.ca = ca;
    this.headers = {};
  }

  async ask(method, path, body) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const req = request(new URL('/api/v1' + path, this.url), {
      method,
      ca: this.ca,
      headers: { ...this.headers, ...(text && { 'Content-Type': 'application/json' }) },
    });
    req.end(text);
    const [res] = await once(req, 'response');
    let answer = '';
    for await (const part of res) answer += part;
    return { status: res.statusCode, headers: res.headers, body: answer && JSON.parse(answer) };
  }

  async signIn() {
    const answer = await this.ask('POST', '/login', { email: EMAIL, password: PASSWORD });
    assert.equal(answer.status, 200);
    this.headers = { Cookie: answer.headers['set-cookie'][0].split(';')[0], 'X-CSRF-Token': answer.body.csrf };
  }

  async addDevice(name) {
    const answer = await this.ask('POST', '/devices', { name, board: 'linux' });
    assert.equal(answer.status, 201);
    return answer.body;
  }

  async device(id) {
    return (await this.ask('GET', `/devices/${id}`)).body;
  }

  async points(id, metric) {
    return (await this.ask('GET', `/devices/${id}/readings?metric=${metric}`)).body.points;
  }
}

async function until(what, check, within = 10_000, pause = 50) {
  const end = Date.now() + within;
  for (;;) {
    const value = await check();
    if (value) return value;
    assert.ok(Date.now() < end, `waited in vain for ${what}\n${house.log.join('\n')}`);
    await sleep(pause);
  }
}

const running = new Set();

function start(...args) {
  const child = spawn(join(BUILD, 'oceanremote-device'), args, { cwd: house.directory, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { child.said += text; });
  child.ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return code ?? signal;
  });
  return child;
}

async function run(...args) {
  const child = start(...args);
  return { code: await child.ended, said: child.said };
}

const server = () => ['--server', `https://localhost:${house.port}`, '--ca', 'ca.pem'];

before(async () => {
  house = await House.build();
  await house.addUser();
  owner = new Owner(`https://localhost:${house.port}`, readFileSync(join(house.directory, 'ca.pem')));
  await owner.signIn();
});

after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await house?.tearDown();
});

test('the command line tells what is wrong and what to do', async () => {
  const rows = [
    [0, ['--help'], /--registration-token/],
    [0, ['--version'], /^oceanremote-device \d+\.\d+\.\d+\n$/],
    [2, [], /--state DIR is needed; see --help/],
    [2, ['--nonsense'], /see --help/],
    [2, ['--state', 's0', 'extra'], /not an option: extra/],
    [2, ['--state', 's0', '--interval', '0'], /1 to 3600/],
    [2, ['--state', 's0', '--mac', 'xx'], /AA:BB:CC:DD:EE:FF/],
    [2, ['--state', 's0', '--switch', 'Bad Name'], /--switch wants/],
    [1, ['--state', 's0'], /no server is known yet: give --server/],
    [1, ['--state', 's0', '--server', 'http://localhost', '--ca', 'ca.pem'], /--server wants https/],
    [1, ['--state', 's0', '--server', 'https://localhost', '--ca', 'none.pem'], /copy the server's ca\.pem/],
    [1, ['--state', 's0', ...server()], /not registered yet: add a device in the dashboard/],
    [1, ['--state', '/dev/null/x', ...server()], /state directory cannot be used/],
  ];
  for (const [code, args, said] of rows) {
    const result = await run(...args);
    assert.equal(result.code, code, args.join(' ') + result.said);
    assert.match(result.said, said);
  }
});

test('a certificate of another CA ends the first start with advice', async () => {
  // A well-formed CA that signed nothing here: Debian's own first one.
  const others = readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8');
  writeFileSync(join(house.directory, 'other.pem'), others.slice(0, others.indexOf('-----END CERTIFICATE-----')) + '-----END CERTIFICATE-----\n');
  const result = await run('--server', `https://localhost:${house.port}`, '--ca', 'other.pem', '--state', 's1',
    '--registration-token', 'oc_reg_x');
  assert.equal(result.code, 1);
  assert.match(result.said, /certificate is not from the given CA .*--ca/);
});

test('a refused token ends the first start with advice', async () => {
  const result = await run(...server(), '--state', 's2', '--registration-token', `oc_reg_${'A'.repeat(43)}`);
  assert.equal(result.code, 1);
  assert.match(result.said, /refuses the registration token/);
});

test('registers, obeys within a blink, survives kills of both sides, and loses nothing', async (t) => {
  const added = await owner.addDevice('kitchen');
  let device = start(...server(), '--state', 'state', '--registration-token', added.registration_token, '--interval', '1');
  await until('a first reading', async () => (await owner.device(added.id)).timeline.first_reading_at);

  const times = [];
  for (let i = 0; i < 21; i++) {
    const wish = i % 2 === 0;
    const began = performance.now();
    const { body } = await owner.ask('PATCH', `/devices/${added.id}/desired`, { switches: { relay1: wish } });
    await until('the confirmation', async () => (await owner.device(added.id)).reported_version === body.version, 5000, 2);
    times.push(performance.now() - began);
    assert.equal(readFileSync(join(house.directory, 'state/switches/relay1'), 'utf8'), wish ? 'on\n' : 'off\n');
    await sleep(120);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(`switch and confirmation, seen by the owner: median ${times[10].toFixed(1)} ms, worst ${times[20].toFixed(1)} ms`);
  assert.ok(times[10] < 150, `median ${times[10]} ms`);

  // Somebody at the device writes the switch.
  writeFileSync(join(house.directory, 'state/switches/relay1'), 'off');
  await until('the report', async () => (await owner.device(added.id)).reported.switches.relay1 === false);

  // The server dies and comes back; the device goes on measuring.
  await house.killServer();
  await sleep(4000);
  await house.startServer();
  await until('the backlog', async () => (await owner.points(added.id, 'uptime_s')).at(-1)[0] > Date.now() - 1500, 20_000);

  // The device dies in the middle of things, three times.
  for (let i = 0; i < 3; i++) {
    device.kill('SIGKILL');
    await device.ended;
    device = start('--state', 'state', '--interval', '1');
    await sleep(700 + 400 * i);
  }
  await sleep(2500);
  device.kill('SIGTERM');
  const asked = Date.now();
  assert.equal(await device.ended, 0);
  assert.ok(Date.now() - asked < 1000);

  const points = await owner.points(added.id, 'uptime_s');
  const moments = points.map(([time]) => time);
  assert.equal(new Set(moments).size, moments.length, 'a reading is stored twice');
  for (let i = 1; i < moments.length; i++) {
    assert.ok(moments[i] - moments[i - 1] < 2600, `${moments[i] - moments[i - 1]} ms without a reading at ${i}`);
  }

  const once = await run('--state', 'state', '--once');
  assert.equal(once.code, 0, once.said);

  // Deleted: it says so, and a fresh token brings the same directory back.
  await owner.ask('DELETE', `/devices/${added.id}`);
  const gone = await run('--state', 'state', '--once');
  assert.equal(gone.code, 1);
  assert.match(gone.said, /does not know this device's key.*add the device again/);
  const again = await owner.addDevice('kitchen again');
  const back = await run('--state', 'state', '--once', '--registration-token', again.registration_token);
  assert.equal(back.code, 0, back.said);
  assert.match(back.said, new RegExp(`registered as ${again.id}`));
});

test('an unreachable server is waited for, and SIGTERM ends the waiting at once', async () => {
  const device = start('--server', 'https://localhost:1', '--ca', 'ca.pem', '--state', 's3', '--registration-token', 'oc_reg_x');
  await until('a line', () => /offline: cannot reach localhost:1 \(Connection refused\); retry in \d s/.test(device.said));
  device.kill('SIGTERM');
  assert.equal(await device.ended, 0);
});
