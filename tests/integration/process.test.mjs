// Processes that die, servers that leave, commands that refuse.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { EventStream } from './lib/events.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { RawConnection } from './lib/raw.mjs';
import { SLOWER, Server, isAlive, run, sleep, until } from './lib/server.mjs';

let server, ada, device;

before(async () => {
  server = await Server.start();
  ada = await Client.login(server, await server.addUser('ada@example.org'));
  device = await Device.enrol(ada);
});
after(() => server.stop());

const temperature = async () => (await ada.device(device.id)).latest.temperature?.value;

// One raw connection on each of the two edges: the kernel spreads them, so try until it has.
async function onePerEdge() {
  const found = new Map();
  const unwanted = [];
  while (found.size < 2) {
    const raw = await RawConnection.open(server);
    const edge = await edgeOf(raw);
    if (found.has(edge)) unwanted.push(raw);
    else found.set(edge, raw);
  }
  for (const raw of unwanted) raw.end();
  return found;
}

// The edge that serves a connection: the one whose table of sockets has our port.
async function edgeOf(raw) {
  const { stdout } = await run(['-tnp', 'state', 'established', `( dport = :${raw.socket.localPort} )`], { program: 'ss' });
  return Number(/pid=(\d+)/.exec(stdout)?.[1]);
}

test('a killed edge takes only its own connections along', async () => {
  const connections = await onePerEdge();
  const [[dead, lost], [alive, kept]] = [...connections];
  assert.deepEqual(server.pidsOf('edge').sort(), [dead, alive].sort());
  process.kill(dead, 'SIGKILL');
  const killed = Date.now();
  await lost.closed();
  kept.write(kept.request('GET', '/healthz'));
  assert.equal((await kept.answer()).status, 200);
  // Connections made meanwhile wait in the listening socket; all of them are served.
  const answers = await Promise.all(Array.from({ length: 20 }, () => new Client(server).get('/healthz')));
  for (const answer of answers) is(answer, 200);
  assert.ok(Date.now() - killed < 1000 * SLOWER, `${Date.now() - killed} ms`);
  await until('two edges again', () => server.pidsOf('edge').length === 2);
  assert.ok(!isAlive(dead) && isAlive(alive));
  kept.write(kept.request('GET', '/healthz'));
  assert.equal((await kept.answer()).status, 200);
  kept.end();
});

test('a killed core is back within a second; sessions, cookies and what was acknowledged are still there', async () => {
  is(await device.measure('temperature', 1), 204);
  const held = device.desired({ after: 0, wait: 60 });
  const stream = await EventStream.open(ada);
  await sleep(100);
  const [core] = server.pidsOf('core');
  process.kill(core, 'SIGKILL');
  const killed = Date.now();
  is(await held, 204);
  await stream.ended();
  let refused = 0;
  for (;;) {
    const answer = await device.measure('temperature', 2);
    if (answer.status === 204) break;
    refused++;
    isProblem(answer, 503, 'busy');
    assert.equal(answer.headers['retry-after'], '1');
    await sleep(5);
  }
  const away = Date.now() - killed;
  console.log(`core killed: back after ${away} ms, ${refused} requests were told to come back`);
  assert.ok(away < 1000 * SLOWER, `${away} ms`);
  assert.equal(await temperature(), 2);
  is(await ada.get('/api/v1/me'), 200);
  is(await ada.patch(`/api/v1/devices/${device.id}`, { name: 'after' }), 200); // CSRF goes on too
});

test('requests under way when the core dies are answered: done or 503, and what was acknowledged stays', async () => {
  let sent = 0;
  const acknowledged = [];
  let stop = false;
  const load = Array.from({ length: 8 }, async () => {
    const one = await Device.enrol(ada);
    while (!stop) {
      const value = ++sent;
      const answer = await one.measure('v', value);
      if (answer.status === 204) acknowledged.push([one, value]);
      else isProblem(answer, 503, 'busy');
    }
  });
  for (let i = 0; i < 3; i++) {
    await sleep(150 * Math.sqrt(SLOWER));
    process.kill(server.pidsOf('core')[0], 'SIGKILL');
    await until('a core that answers', async () => (await ada.get('/healthz')).status === 200);
  }
  stop = true;
  await Promise.all(load);
  assert.ok(acknowledged.length > 100 / SLOWER, `${acknowledged.length} of ${sent}`);
  for (const one of new Set(acknowledged.map(([d]) => d))) {
    const { points } = is(await ada.get(`/api/v1/devices/${one.id}/readings?metric=v`), 200);
    const stored = points.map((point) => point[1]);
    for (const [d, value] of acknowledged) if (d === one) assert.equal(stored.filter((v) => v === value).length, 1, `value ${value}`);
  }
});

test('everything killed at once: the next start goes on', async () => {
  is(await device.measure('temperature', 3), 204);
  await server.kill();
  await server.start();
  assert.equal(await temperature(), 3);
  is(await device.measure('temperature', 4), 204);
});

test('a killed parent takes its children along', async () => {
  const children = server.children();
  assert.deepEqual(children.map(({ name }) => name).sort(), ['core', 'edge', 'edge']);
  await server.kill();
  for (const { pid } of children) assert.ok(!isAlive(pid));
  await server.start();
});

test('SIGTERM finishes what is under way, lets go what is held, and exits 0', async () => {
  const raw = await RawConnection.open(server);
  const idle = await RawConnection.open(server);
  const held = device.desired({ after: 0, wait: 60 });
  const stream = await EventStream.open(ada);
  const body = JSON.stringify({ batch: 'slow', readings: [{ metric: 'temperature', time_ms: Date.now(), value: 5 }] });
  const request = raw.request('POST', '/device/v1/readings', device.headers, body);
  raw.write(request.slice(0, -5)); // its last bytes come later
  await sleep(200);
  const start = Date.now();
  const ended = server.terminate();
  is(await held, 204);
  await stream.ended();
  await idle.closed();
  await sleep(300);
  raw.write(request.slice(-5));
  const answer = await raw.answer();
  assert.equal(answer.status, 204);
  assert.match(answer.head, /^connection: close$/im);
  assert.equal(await ended, 0);
  const took = Date.now() - start;
  console.log(`drained in ${took} ms, 300 of them waiting for the client`);
  assert.ok(took < 6000, `${took} ms`);
  await server.start();
  assert.equal(await temperature(), 5);
});

test('clients that finish nothing hold up nobody: SIGTERM takes less than six seconds', async () => {
  const lingering = await Promise.all(['POST /device/v1/readings HTTP/1.1\r\nContent-', 'GET / HTTP/1.1\r\nHost: a\r\n'].map(async (bytes) => {
    const raw = await RawConnection.open(server);
    raw.write(bytes);
    return raw;
  }));
  const waiting = createConnections(4);
  await sleep(100);
  const start = Date.now();
  assert.equal(await server.terminate(), 0);
  assert.ok(Date.now() - start < 6000 * Math.sqrt(SLOWER), `${Date.now() - start} ms`);
  for (const raw of lingering) raw.end();
  for (const socket of waiting) socket.destroy();
  await server.start();
});

// Connections that never say hello.
function createConnections(count) {
  return Array.from({ length: count }, () => {
    const socket = new (createServer().constructor === Object ? Object : SocketOf())();
    return socket;
  });
}
