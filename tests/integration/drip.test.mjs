// Clients that are hostile within the rules of TLS, or just outside of them: each costs the server what it may cost, and
// a device beside them notices nothing. What is merely slow is in slow.test.mjs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is } from './lib/expect.mjs';
import { RawConnection } from './lib/raw.mjs';
import { Server, sleep, until } from './lib/server.mjs';

let server, device;

before(async () => {
  server = await Server.start();
  const ada = await Client.login(server, await server.addUser('ada@example.org'));
  device = await Device.enrol(ada);
});
after(() => server.stop());

// Whatever has just been done to the server: its processes are those of before, and the device is served.
async function isWell(pids) {
  is(await device.measure('v', Date.now() % 1000), 204);
  assert.deepEqual(server.children().map(({ pid }) => pid), pids, 'no process has ended');
}

function hostile(name, options, work) {
  test(name, options, async () => {
    const pids = server.children().map(({ pid }) => pid);
    await work();
    await isWell(pids);
  });
}

// openssl s_client with our authority; resolves to all that it has said. `talk` writes to it.
async function sClient(args, talk) {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${server.port}`, '-CAfile', join(server.data, 'ca.pem'), ...args]);
  let text = '';
  for (const out of [child.stdout, child.stderr]) out.setEncoding('utf8').on('data', (part) => (text += part));
  child.stdin.on('error', () => {});
  const ended = once(child, 'close');
  await until('s_client is connected', () => /Verify return code/.test(text) || child.exitCode !== null);
  await talk((line) => child.stdin.write(line), () => text);
  child.stdin.end();
  await Promise.race([ended, sleep(5000).then(() => child.kill())]);
  await ended;
  return text;
}

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

hostile('two thousand that connect and reset, some of them after half a hello', {}, async () => {
  for (let round = 0; round < 20; round++) {
    const sockets = Array.from({ length: 100 }, () => connectTcp(server.port, '127.0.0.1').on('error', () => {}));
    await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})));
    sockets.forEach((socket, i) => {
      if (i % 2 === 0) socket.write(Buffer.from('16030100c8010000c40303', 'hex'));
      socket.resetAndDestroy();
    });
  }
});

hostile('one field too many, and one byte', {}, async () => {
  const fields = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`X-${i}`, '1']));
  const status = async (headers) => {
    const raw = await RawConnection.open(server);
    raw.write(raw.request('GET', '/healthz', headers));
    const answer = await raw.answer();
    if (answer.status !== 200) await raw.closed();
    raw.end();
    return answer.status;
  };
  assert.equal(await status(fields(63)), 200); // and Host
  assert.equal(await status(fields(64)), 431);
  const size = REQUEST.length; // more than what the request of status() has besides
  assert.equal(await status({ 'X-Long': 'x'.repeat(8192 - 2 * size) }), 200);
  assert.equal(await status({ 'X-Long': 'x'.repeat(8192) }), 431);
});

hostile('a request in records of one byte', {}, async () => {
  const raw = await RawConnection.open(server);
  raw.socket.setNoDelay(true);
  const body = JSON.stringify({ email: 'eve@example.org', password: 'x'.repeat(100) });
  for (const char of raw.request('POST', '/api/v1/login', {}, body)) raw.write(char);
  assert.equal((await raw.answer()).status, 401);
  raw.end();
});

// Bytes that TLS has sealed leave one by one.
class Dribble extends Duplex {
  isSlow = false;

  constructor(socket) {
    super();
    this.socket = socket;
    socket.on('data', (bytes) => this.push(bytes));
    socket.on('close', () => this.destroy());
    socket.on('error', () => {});
  }

  _read() {}

  async _write(bytes, _, done) {
    if (!this.isSlow) return this.socket.write(bytes, done);
    for (const byte of bytes) {
      if (this.socket.destroyed) return done();
      this.socket.write(Buffer.from([byte]));
      await sleep(this.pause_ms);
    }
    done();
  }

  _final(done) {
    this.socket.end();
    done();
  }
}

async function dribble(pause_ms) {
  const socket = connectTcp({ host: '127.0.0.1', port: server.port, noDelay: true });
  const through = new Dribble(socket);
  const tls = connectTls({ socket: through, ca: server.ca, host: '127.0.0.1' }).on('error', () => {});
  await once(tls, 'secureConnect');
  Object.assign(through, { isSlow: true, pause_ms });
  return { socket, tls };
}

hostile('a record that arrives byte by byte', {}, async () => {
  const { tls } = await dribble(5);
  tls.write(REQUEST);
  const [answer] = await once(tls, 'data');
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 200 /);
  tls.destroy();
});

hostile('a record that never ends is an idle connection', { skip: !process.env.LONG && 'only with LONG', timeout: 120_000 }, async () => {
  const { socket, tls } = await dribble(1000);
  const begun = Date.now();
  tls.write(REQUEST.padEnd(300));
  await once(socket, 'close');
  const seconds = (Date.now() - begun) / 1000;
  assert.ok(seconds > 74 && seconds < 79, `${seconds} s`);
});

hostile('key update after key update', { timeout: 30_000 }, async () => {
  const text = await sClient([], async (write) => {
    for (let i = 0; i < 300; i++) {
      write('K\n'); // a new key, and give me one of yours; each has to come by itself
      await sleep(5);
    }
    await sleep(200);
    write(REQUEST);
    await sleep(500);
  });
  assert.ok([...text.matchAll(/KEYUPDATE/g)].length > 100, 'it updates its keys');
  assert.match(text, /HTTP\/1\.1 200 /);
});

hostile('there is no renegotiation', {}, async () => {
  const text = await sClient([], async (write) => {
    write('R\n');
    await sleep(300);
  });
  assert.match(text, /RENEGOTIATING/);
  assert.match(text, /error/i);
});

hostile('early data is neither offered nor taken', {}, async () => {
  const session = join(server.directory, 'session.pem');
  const early = join(server.directory, 'early');
  writeFileSync(early, REQUEST);
  const first = await sClient(['-ign_eof', '-sess_out', session], async (write) => {
    write(REQUEST);
    await sleep(300);
  });
  assert.match(first, /Max Early Data: 0/);
  const second = await sClient(['-ign_eof', '-sess_in', session, '-early_data', early], () => sleep(500));
  assert.match(second, /Early data was (not sent|rejected)/);
  assert.doesNotMatch(second, /HTTP\/1\.1 /);
});

hostile('tickets that nobody has issued mean a full handshake', {}, async () => {
  const first = await RawConnection.open(server);
  const ticket = once(first.socket, 'session');
  first.write(REQUEST);
  const [session] = await ticket;
  first.end();
  const resume = async (changed) => {
    const raw = await RawConnection.open(server, { session: changed });
    const isReused = raw.socket.isSessionReused();
    raw.write(REQUEST);
    assert.equal((await raw.answer()).status, 200);
    raw.end();
    return isReused;
  };
  assert.equal(await resume(session), true);
  // What the client keeps ends with the ticket; where it begins is its own affair. A byte changed anywhere in the second
  // half is either in the ticket, then it is worth nothing, or means nothing to the server.
  let refused = 0;
  for (let at = session.length >> 1; at < session.length; at += 7) {
    const changed = Buffer.from(session);
    changed[at] ^= 0x55;
    try {
      refused += !(await resume(changed));
    } catch (error) {
      if (error.code === 'ERR_ASSERTION') throw error;
    }
  }
  assert.ok(refused > 5, `${refused} tickets were refused`);
});
