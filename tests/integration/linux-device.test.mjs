// oceanremote-device against the real server, both as programs: what a person meets on the command
// line, and what must hold when either of them is killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { BUILD, SLOWER, Server, sleep, until } from './lib/server.mjs';

let server, owner;

const running = new Set();

function start(...args) {
  const child = spawn(join(BUILD, 'oceanremote-device'), args, { cwd: server.directory, stdio: ['ignore', 'pipe', 'pipe'] });
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

const where = () => ['--server', `https://localhost:${server.port}`, '--ca', 'data/ca.pem'];
const points = async (id, metric) => (await owner.get(`/api/v1/devices/${id}/readings?metric=${metric}`)).json.points;

before(async () => {
  server = await Server.start();
  owner = await Client.login(server, await server.addUser('ada@example.org'));
});
after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await server.stop();
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
    [1, ['--state', 's0', '--server', 'http://localhost', '--ca', 'data/ca.pem'], /--server wants https/],
    [1, ['--state', 's0', '--server', 'https://localhost', '--ca', 'none.pem'], /copy the server's ca\.pem/],
    [1, ['--state', 's0', ...where()], /not registered yet: add a device in the dashboard/],
    [1, ['--state', '/dev/null/x', ...where()], /state directory cannot be used/],
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
  writeFileSync(join(server.directory, 'other.pem'), others.slice(0, others.indexOf('-----END CERTIFICATE-----')) + '-----END CERTIFICATE-----\n');
  const result = await run('--server', `https://localhost:${server.port}`, '--ca', 'other.pem', '--state', 's1',
    '--registration-token', 'oc_reg_x');
  assert.equal(result.code, 1);
  assert.match(result.said, /certificate is not from the given CA .*--ca/);
});

test('a refused token ends the first start with advice', async () => {
  const result = await run(...where(), '--state', 's2', '--registration-token', `oc_reg_${'A'.repeat(43)}`);
  assert.equal(result.code, 1);
  assert.match(result.said, /refuses the registration token/);
});

test('registers, obeys within a blink, survives kills of both sides, and loses nothing', async (t) => {
  const added = await owner.addDevice('kitchen');
  let device = start(...where(), '--state', 'state', '--registration-token', added.registration_token, '--interval', '1');
  await until('a first reading', async () => (await owner.device(added.id)).timeline.first_reading_at);

  const times = [];
  for (let i = 0; i < 21; i++) {
    const wish = i % 2 === 0;
    const began = performance.now();
    const { json } = await owner.patch(`/api/v1/devices/${added.id}/desired`, { switches: { relay1: wish } });
    await until('the confirmation', async () => (await owner.device(added.id)).reported_version === json.version);
    times.push(performance.now() - began);
    assert.equal(readFileSync(join(server.directory, 'state/switches/relay1'), 'utf8'), wish ? 'on\n' : 'off\n');
    await sleep(120);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(`switch and confirmation, seen by the owner: median ${times[10].toFixed(1)} ms, worst ${times[20].toFixed(1)} ms`);
  assert.ok(times[10] < 150 * SLOWER, `median ${times[10]} ms`);

  // Somebody at the device writes the switch.
  writeFileSync(join(server.directory, 'state/switches/relay1'), 'off');
  await until('the report', async () => (await owner.device(added.id)).reported.switches.relay1 === false);

  // The server dies and comes back; the device goes on measuring.
  await server.kill();
  await sleep(4000);
  await server.start();
  await until('the backlog', async () => (await points(added.id, 'uptime_s')).at(-1)[0] > Date.now() - 1500, 30_000);

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

  const kept = await points(added.id, 'uptime_s');
  const moments = kept.map(([time]) => time);
  assert.equal(new Set(moments).size, moments.length, 'a reading is stored twice');
  for (let i = 1; i < moments.length; i++) {
    assert.ok(moments[i] - moments[i - 1] < 2600, `${moments[i] - moments[i - 1]} ms without a reading at ${i}`);
  }

  const last = await run('--state', 'state', '--once');
  assert.equal(last.code, 0, last.said);

  // Deleted: it says so, and a fresh token brings the same directory back.
  await owner.delete(`/api/v1/devices/${added.id}`);
  const gone = await run('--state', 'state', '--once');
  assert.equal(gone.code, 1);
  assert.match(gone.said, /does not know this device's key.*add the device again/);
  const again = await owner.addDevice('kitchen again');
  const back = await run('--state', 'state', '--once', '--registration-token', again.registration_token);
  assert.equal(back.code, 0, back.said);
  assert.match(back.said, new RegExp(`registered as ${again.id}`));
});

test('an unreachable server is waited for, and SIGTERM ends the waiting at once', async () => {
  const device = start('--server', 'https://localhost:1', '--ca', 'data/ca.pem', '--state', 's3', '--registration-token', 'oc_reg_x');
  await until('a line', () => /offline: cannot reach localhost:1 \(Connection refused\); retry in \d s/.test(device.said));
  device.kill('SIGTERM');
  assert.equal(await device.ended, 0);
});
