// The limits of the security page, as they are with nothing configured: exact, over all edges, and never in the way of
// who is known. Each test comes from addresses of its own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { RawConnection } from './lib/raw.mjs';
import { PASSWORD, Server, sleep, until } from './lib/server.mjs';

let server, ada;
let subnet = 0;

// A fresh range of addresses of this machine: host(1), host(2), …
function addresses() {
  const net = ++subnet;
  return (host) => `127.1.${net}.${host}`;
}

before(async () => {
  server = await Server.start({ limited: true });
  ada = await Client.login(server, await server.addUser('ada@example.org'), '127.0.0.9');
});
after(() => server.stop());

// Devices of ada, each enrolled from an address of its own.
async function enrol(count, host) {
  const devices = [];
  for (let i = 0; i < count; i++) devices.push(await Device.enrol(ada, `board ${i}`, host(i + 1)));
  return devices;
}

// A connection that does nothing; 'open' or 'refused' once that is decided. A refused one is reset before any hello.
async function knock(from) {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress: from });
  const refused = new Promise((done) => {
    socket.on('error', () => done('refused'));
    socket.on('close', () => done('refused'));
  });
  const verdict = await Promise.race([refused, once(socket, 'connect').then(() => sleep(150)).then(() => 'open')]);
  return { socket, verdict };
}

const wrong = { email: 'ada@example.org', password: 'not her password' };

test('five sign-ins a minute from an address; the sixth is told when to come back', async () => {
  const host = addresses();
  // Each over a connection of its own, so that the kernel spreads them over the edges; at once, because hashes take time.
  const answers = await Promise.all(Array.from({ length: 9 }, () => new Client(server, {}, host(1)).post('/api/v1/login', wrong)));
  assert.equal(answers.filter(({ status }) => status === 401).length, 5);
  for (const refused of answers.filter(({ status }) => status !== 401)) {
    isProblem(refused, 429, 'too-many-requests');
    const wait = Number(refused.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 12, `Retry-After: ${wait}`);
    assert.equal(refused.headers['ratelimit-policy'], '"logins";q=5;w=60');
    assert.equal(refused.headers.ratelimit, `"logins";r=0;t=${wait}`);
  }
  // Elsewhere nobody waits.
  is(await new Client(server, {}, host(2)).post('/api/v1/login', { email: 'ada@example.org', password: PASSWORD }), 200);
  is(await ada.get('/api/v1/me'), 200);
});

test('two registrations a minute from an address', async () => {
  const host = addresses();
  const body = { email: 'eve@example.org', password: 'a password long enough' };
  for (let i = 0; i < 2; i++) assert.notEqual((await new Client(server, {}, host(1)).post('/api/v1/registration', body)).status, 429);
  const refused = await new Client(server, {}, host(1)).post('/api/v1/registration', body);
  isProblem(refused, 429, 'too-many-requests');
  assert.equal(refused.headers['ratelimit-policy'], '"registrations";q=2;w=60');
});

test('wherever a secret can be guessed at counts as a sign-in, whatever sends a mail as a registration', async () => {
  const guessed = ['login', 'login/passkey', 'session/confirmation', 'confirmation', 'password-reset/finish'];
  const mailed = ['registration', 'confirmation/resend', 'password-reset'];
  for (const [paths, most, policy] of [[guessed, 5, '"logins";q=5;w=60'], [mailed, 2, '"registrations";q=2;w=60']]) {
    const host = addresses();
    for (const path of paths) {
      const one = new Client(server, {}, host(1 + paths.indexOf(path)));
      for (let i = 0; i < most; i++) assert.notEqual((await one.post(`/api/v1/${path}`, {})).status, 429, path);
      // And they share one count.
      for (const other of paths) {
        const refused = await one.post(`/api/v1/${other}`, {});
        isProblem(refused, 429, 'too-many-requests');
        assert.equal(refused.headers['ratelimit-policy'], policy, other);
      }
    }
  }
});

test('twenty requests a second from an address, then 429, then a closed door', async () => {
  const host = addresses();
  const raw = await RawConnection.open(server, { localAddress: host(1) });
  raw.write(raw.request('GET', '/healthz').repeat(100));
  const statuses = [];
  for (let answer; (answer = await raw.answer()) !== null; ) statuses.push(answer.status);
  const good = statuses.filter((status) => status === 200).length;
  assert.ok(good >= 40 && good <= 45, `${good} of a burst of 40 were answered`);
  assert.equal(statuses.filter((status) => status === 429).length, 20);
  assert.equal(statuses.length, good + 20);
  assert.ok(raw.isClosed);
});

test('ten strangers of an address, and fifty devices of it', { timeout: 60_000 }, async () => {
  const host = addresses();
  const house = host(200);
  const devices = await enrol(50, host);
  const boards = devices.map((device) => {
    const board = new Device(server, device.headers, house);
    board.agent.maxSockets = 1;
    return board;
  });
  // As boards do: come back when the door was closed, after a while.
  await Promise.all(boards.map((board, i) => until(`board ${i} is served`, async () => {
    try {
      return (await board.measure('v', i)).status === 204;
    } catch {
      await sleep(200 + Math.random() * 400);
      return false;
    }
  }, 30_000)));
  await sleep(3000); // the handshakes of the boards are over
  const strangers = [];
  for (let i = 0; i < 10; i++) strangers.push(await knock(house));
  assert.deepEqual(strangers.map(({ verdict }) => verdict), Array(10).fill('open'));
  for (let i = 0; i < 3; i++) assert.equal((await knock(house)).verdict, 'refused');
  for (const board of boards) is(await board.measure('v', 1), 204);
  // One leaves, one may come.
  strangers[0].socket.destroy();
  await until('there is room again', async () => {
    const { socket, verdict } = await knock(house);
    if (verdict === 'open') strangers.push({ socket });
    return verdict === 'open';
  });
  // An edge that dies takes its strangers with it, and none of them stays counted.
  const [edge] = server.pidsOf('edge');
  process.kill(edge, 'SIGKILL');
  for (const { socket } of strangers) socket.destroy();
  await until('the edge is back', () => server.pidsOf('edge').length === 2);
  await sleep(500);
  const again = [];
  for (let i = 0; i < 10; i++) again.push(await knock(house));
  for (const board of boards) board.close();
  for (const { socket } of again) socket.destroy();
  assert.ok(again.every(({ verdict }) => verdict === 'open'));
});

test('whoever is refused becomes a stranger again', async () => {
  const host = addresses();
  const [device] = await enrol(1, host);
  const raw = await RawConnection.open(server, { localAddress: host(9) });
  const ask = async (headers) => {
    raw.write(raw.request('GET', '/device/v1/desired', headers));
    return (await raw.answer()).status;
  };
  assert.equal(await ask(device.headers), 200);
  const strangers = [];
  for (let i = 0; i < 10; i++) strangers.push(await knock(host(9)));
  assert.ok(strangers.every(({ verdict }) => verdict === 'open'));
  assert.equal(await ask(device.headers), 200);
  // The eleventh stranger of the address: told, and the door closes.
  assert.equal(await ask({ ...device.headers, Authorization: 'Bearer oc_sess_0000000000000000000000' }), 401);
  await raw.closed();
  for (const { socket } of strangers) socket.destroy();
});

test('a connection that is known, with a credential that nobody looks at, counts like any', { timeout: 30_000 }, async () => {
  const host = addresses();
  const [device] = await enrol(1, host);
  const raw = await RawConnection.open(server, { localAddress: host(9) });
  raw.write(raw.request('GET', '/device/v1/desired', device.headers));
  assert.equal((await raw.answer()).status, 200);
  raw.write(raw.request('GET', '/healthz', { Authorization: 'Bearer anything' }).repeat(100));
  const statuses = [];
  for (let answer; statuses.length < 100 && (answer = await raw.answer()) !== null; ) statuses.push(answer.status);
  const good = statuses.filter((status) => status === 200).length;
  assert.ok(good >= 40 && good <= 46, `${good} of a burst of 40 were answered`);
  await raw.closed();
  // Whoever shows what is good is not concerned.
  const board = new Device(server, device.headers, host(10));
  for (let i = 0; i < 20; i++) is(await board.get('/device/v1/desired'), 200);
  board.close();
});

test('ten requests a second of a device, in a burst of forty; its owner sees it', async () => {
  const [device] = await enrol(1, addresses());
  device.agent.maxSockets = 2;
  assert.equal((await ada.device(device.id)).limited_at, null);
  const answers = await Promise.all(Array.from({ length: 60 }, () => device.get('/device/v1/desired')));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 10 && refused.length <= 20, `${refused.length} of 60 were refused`);
  isProblem(refused[0], 429, 'too-many-requests');
  assert.equal(refused[0].headers['ratelimit-policy'], '"device";q=10;w=1');
  assert.equal(refused[0].headers['retry-after'], '1');
  assert.match((await ada.device(device.id)).limited_at, /^20\d\d-/);
  await sleep(1100);
  is(await device.get('/device/v1/desired'), 200);
});

test('an API key and an account have limits of their own', async () => {
  const host = addresses();
  const bob = await Client.login(server, await server.addUser('bob@example.org'), host(1));
  const key = await bob.withKey('read');
  const counts = async (client, n) => {
    const answers = await Promise.all(Array.from({ length: n }, () => client.get('/api/v1/me')));
    return answers.filter(({ status }) => status === 200).length;
  };
  key.agent.maxSockets = bob.agent.maxSockets = 4;
  const ofKey = await counts(key, 120);
  assert.ok(ofKey >= 80 && ofKey < 110, `${ofKey} of 120 of a key`);
  const ofAccount = await counts(bob, 300);
  assert.ok(ofAccount >= 195 && ofAccount < 290, `${ofAccount} of 300 of an account`);
});

test('a device that lost its network leaves connections behind, and still gets in', async () => {
  const host = addresses();
  const [device] = await enrol(1, host);
  const connections = [];
  for (let i = 0; i < 12; i++) {
    const raw = await RawConnection.open(server, { localAddress: host(2) });
    connections.push(raw);
    raw.write(raw.request('GET', '/device/v1/desired', device.headers));
    assert.equal((await raw.answer()).status, 200, `connection ${i}`);
  }
  await sleep(100);
  const alive = connections.filter((raw) => !raw.isClosed).length;
  assert.ok(alive >= 1 && alive <= 4, `${alive} of 12 connections of one device are left`);
  for (const raw of connections) raw.socket.destroy();
});

test('a dry run refuses nobody and says what it would do', async () => {
  const dry = await Server.start({ limited: true, settings: { 'limits.dry_run': 'on' } });
  const raw = await RawConnection.open(dry);
  raw.write(raw.request('GET', '/healthz').repeat(60));
  for (let i = 0; i < 60; i++) assert.equal((await raw.answer()).status, 200);
  const strangers = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(dry)));
  assert.ok(strangers.every((one) => !one.isClosed));
  for (const one of [raw, ...strangers]) one.socket.destroy();
  assert.ok(dry.log.some((line) => /event=edge.would_refuse .*limit=requests/.test(line)));
  assert.ok(dry.log.some((line) => /event=edge.would_refuse .*limit=connections/.test(line)));
  assert.ok(dry.log.some((line) => /event=config.loosened .*setting=limits.dry_run/.test(line)));
  await dry.stop();
});

test('a dry run closes no connection of a device that has too many', { timeout: 30_000 }, async () => {
  const dry = await Server.start({ limited: true, settings: { 'limits.dry_run': 'on', edges: 1 } });
  const owner = await Client.login(dry, await dry.addUser('ada@example.org'), '127.1.200.1');
  const device = await Device.enrol(owner, 'board', '127.1.200.2');
  const boards = [];
  for (let i = 0; i < 8; i++) {
    boards.push(await RawConnection.open(dry, { localAddress: `127.1.200.${10 + i}` }));
    boards[i].write(boards[i].request('GET', '/device/v1/desired', device.headers));
    assert.equal((await boards[i].answer()).status, 200);
  }
  await sleep(100);
  assert.equal(boards.filter(({ isClosed }) => isClosed).length, 0, 'connections of one device');
  for (const one of boards) one.end();
  await dry.stop();
});

test('whoever is refused at the door pushes nobody out of a full edge', { timeout: 30_000 }, async () => {
  const settings = { edges: 1, connections: 16, 'limits.connections_per_address': 8 };
  const full = await Server.start({ limited: true, settings });
  const open = async (from) => {
    const socket = connect({ port: full.port, host: '127.0.0.1', localAddress: from });
    socket.on('error', () => {}).on('close', () => (socket.isGone = true));
    await new Promise((done) => socket.on('connect', done).on('close', done));
    return socket;
  };
  const first = [], second = [];
  for (let i = 0; i < 8; i++) first.push(await open('127.1.201.1'));
  for (let i = 0; i < 8; i++) second.push(await open('127.1.201.2'));
  for (let i = 0; i < 12; i++) (await open('127.1.201.2')).destroy();
  await sleep(300);
  assert.equal(first.filter(({ isGone }) => isGone).length, 0, 'pushed out by the refused');
  const newcomer = await open('127.1.201.3');
  await until('the oldest stranger gives way to one who is let in', () => first[0].isGone);
  for (const socket of [...first, ...second, newcomer]) socket.destroy();
  await full.stop();
});
