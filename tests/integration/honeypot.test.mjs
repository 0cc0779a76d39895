// Whoever asks for what only scanners want is shut out for a day, on every edge and over restarts; the devices and
// signed-in owners behind the same address notice nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditOf } from './lib/audit.mjs';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { PASSWORD, Server, run, sleep, until } from './lib/server.mjs';

let server, ada;

before(async () => {
  server = await Server.start();
  ada = await Client.login(server, await server.addUser('ada@example.org'));
});
after(() => server.stop());

const BAIT = ['/admin', '/wp-admin/', '/wp-login.php', '/phpmyadmin/index.php', '/.env', '/.git/config', '/xmlrpc.php', '/cgi-bin/luci',
  '/actuator/env', '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php', '/backup.zip', '/server-status', '/blog/wp-login.php'];

// A new connection each, so that every edge is met.
const ask = (from, path = '/healthz', headers = {}) => new Client(server, headers, from).get(path);

test('bait is answered as a scanner hopes, and then the door is closed', async () => {
  for (const [i, path] of BAIT.entries()) {
    const from = `127.2.0.${i + 1}`;
    const bait = await ask(from, path);
    assert.ok([200, 404].includes(bait.status), `${path}: ${bait.status}`);
    assert.equal(bait.headers['x-content-type-options'], 'nosniff');
    for (let k = 0; k < 6; k++) {
      for (const next of ['/', '/healthz', '/api/v1/me']) isProblem(await ask(from, next), 403, 'address-blocked');
      isProblem(await new Client(server, {}, from).post('/api/v1/login', { email: 'ada@example.org', password: 'x' }), 403, 'address-blocked');
    }
  }
  is(await ask('127.2.1.1'), 200); // a neighbour
});

test('owners and devices behind a banned address go on', async () => {
  const from = '127.2.2.1';
  const owner = await Client.login(server, await server.addUser('eve@example.org'), from);
  const device = await Device.enrol(owner, 'board', from);
  const later = await owner.addDevice();
  is(await ask(from, '/wp-login.php'), 200);
  isProblem(await ask(from), 403, 'address-blocked');
  // On the connections they have, and on new ones.
  is(await owner.get('/api/v1/me'), 200);
  is(await owner.but({}).get('/api/v1/devices'), 200);
  is(await owner.but({}).get('/'), 200);
  is(await device.measure('v', 1), 204);
  const again = new Device(server, device.headers, from);
  is(await again.measure('v', 2), 204);
  Object.assign(again, { id: device.id, keys: device.keys, mac: device.mac, headers: {} });
  await again.openSession();
  is(await again.measure('v', 3), 204);
  const board = new Device(server, {}, from);
  is(await board.register(later.registration_token), 201);
  // A credential that is none is no way in.
  is(await ask(from, '/api/v1/me', { Authorization: 'Bearer oc_api_000000000000000000000000000000000000000000' }), 401);
  isProblem(await ask(from), 403, 'address-blocked');
});

test('what a page of another site has a browser ask for bans nobody', async () => {
  is(await ask('127.2.8.1', '/.env', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }), 404);
  is(await ask('127.2.8.1'), 200);
});

test('a made-up cookie is no way to the sign-in', async () => {
  is(await ask('127.2.9.1', '/.env'), 200);
  const scanner = new Client(server, { Cookie: '__Host-session=made-up' }, '127.2.9.1');
  isProblem(await scanner.post('/api/v1/login', { email: 'ada@example.org', password: PASSWORD }), 403, 'address-blocked');
});

test('whoever is signed in is not banned for being curious', async () => {
  const owner = await Client.login(server, await server.addUser('bob@example.org'), '127.2.3.1');
  is(await owner.get('/admin'), 404);
  is(await ask('127.2.3.1'), 200);
});

test('a ban outlives an edge, the core, and the server', async () => {
  is(await ask('127.2.4.1', '/.env'), 200);
  const whole = () => server.pidsOf('edge').length === 2 && server.pidsOf('core').length === 1;
  for (const pid of server.pidsOf('edge')) process.kill(pid, 'SIGKILL');
  await until('the edges are back', async () => whole() && (await ask('127.2.4.9')).status === 200);
  isProblem(await ask('127.2.4.1'), 403, 'address-blocked');
  process.kill(server.pidsOf('core')[0], 'SIGKILL');
  await until('the core is back', async () => whole() && (await ask('127.2.4.9')).status === 200);
  isProblem(await ask('127.2.4.1'), 403, 'address-blocked');
  await server.terminate();
  await server.start();
  isProblem(await ask('127.2.4.1'), 403, 'address-blocked');
});

const ban = (...args) => run(['ban', ...args, '--data', server.data]);

test('the operator lists, lifts and exempts by command, beside the running server', async () => {
  is(await ask('127.2.5.1', '/.env'), 200);
  const { bans } = JSON.parse((await ban('list', '--json')).stdout);
  const found = bans.find(({ address }) => address === '127.2.5.1');
  assert.equal(found.path, '/.env');
  assert.equal(Date.parse(found.until) - Date.parse(found.since), 24 * 3600 * 1000);
  assert.match((await ban('list')).stdout, /^127\.2\.5\.1 +since 20\S+Z until 20\S+Z {2}\/\.env$/m);

  assert.equal((await ban('lift', '127.2.5.1')).code, 0);
  await until('the address is let go', async () => (await ask('127.2.5.1')).status === 200);
  const again = await ban('lift', '127.2.5.1');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /no such entry/);

  assert.equal((await ban('exempt', '127.2.6.0/24')).code, 0);
  await sleep(600);
  is(await ask('127.2.6.77', '/.env'), 200);
  is(await ask('127.2.6.77'), 200);
  assert.match((await ban('list')).stdout, /^127\.2\.6\.0\/24 is never banned$/m);
  assert.equal((await ban('unexempt', '127.2.6.0/24')).code, 0);
  await sleep(600);
  is(await ask('127.2.6.77', '/.env'), 200);
  isProblem(await ask('127.2.6.77'), 403, 'address-blocked');
});

test('wrong use is told', async () => {
  for (const args of [[], ['forgive'], ['lift'], ['lift', '--json']]) assert.equal((await run(['ban', ...args])).code, 2, args.join(' '));
  for (const address of ['otter', '192.0.2.1/24', '1.2.3', '']) {
    const { code, stderr } = await ban('lift', address);
    assert.equal(code, 1, address);
    assert.match(stderr, /no address or network/);
  }
});

test('without a ban, a hit is only audited', async () => {
  const open = await Server.start({ settings: { 'honeypot.ban_hours': 0 } });
  const from = (path) => new Client(open, {}, '127.2.7.1').get(path);
  is(await from('/.env'), 200);
  is(await from('/healthz'), 200);
  assert.deepEqual(auditOf(open).filter(({ event }) => event === 'honeypot.hit'), [{ event: 'honeypot.hit', subject: '/.env', peer: '127.2.7.1' }]);
  assert.ok(open.log.some((line) => /event=config.loosened .*honeypot.ban_hours/.test(line)));
  await open.stop();
});
