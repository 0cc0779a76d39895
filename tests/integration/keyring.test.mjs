// The keys of the server are in one process and nowhere else, and nobody notices what happens to it.

import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { RawConnection } from './lib/raw.mjs';
import { SLOWER, Server, isAlive, sleep, until } from './lib/server.mjs';

let server;

before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const keyFile = (name) => join(server.data, 'keys', `${name}.pem`);
const keyringPid = () => {
  const pids = server.pidsOf('keyring');
  assert.equal(pids.length, 1, `keyrings: ${pids}`);
  return pids[0];
};

// ---- load ---------------------------------------------------------------------------------------

// Source addresses by the hundred: what one address may do is not the question here.
let addresses = 0;
const nextAddress = () => `127.0.${2 + (Math.floor(++addresses / 200) % 200)}.${1 + (addresses % 200)}`;

async function wholeHandshake() {
  const raw = await RawConnection.open(server, { localAddress: nextAddress() });
  raw.write(raw.request('GET', '/healthz'));
  const answer = await raw.answer();
  const certificate = raw.socket.getPeerX509Certificate();
  assert.ok(!raw.socket.isSessionReused());
  raw.end();
  assert.equal(answer?.status, 200);
  return certificate;
}

// Handshakes by a few at a time for as long as act takes: { done, failures }.
async function underLoad(act) {
  const failures = [];
  let done = 0;
  let isOver = false;
  const worker = async () => {
    while (!isOver) {
      try {
        await wholeHandshake();
        done++;
      } catch (error) {
        failures.push(error.message);
      }
    }
  };
  const workers = Array.from({ length: 8 }, worker);
  await act();
  isOver = true;
  await Promise.all(workers);
  return { done, failures };
}

// ---- memory -------------------------------------------------------------------------------------

const REGION_MAX = 1 << 30; // a sanitizer's shadow is larger, and holds no bytes of ours

// How often each of the needles { name: bytes } is in the memory of a process.
function search(pid, needles) {
  const found = Object.fromEntries(Object.keys(needles).map((name) => [name, 0]));
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (r\S+) .{3,}?(\[v\S+\])?$/.exec(line);
    if (!match || match[4]) continue;
    const [start, end] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)];
    if (end - start > REGION_MAX) continue;
    const bytes = Buffer.alloc(Number(end - start));
    try {
      readSync(memory, bytes, 0, bytes.length, start);
    } catch {
      continue; // a page that is only reserved
    }
    for (const [name, needle] of Object.entries(needles)) {
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) found[name]++;
    }
  }
  closeSync(memory);
  return found;
}

const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);

// All the ways to write down a private key: its number, either way round, each half, and the text of its file.
function waysToWrite(pem) {
  const number = Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d, 'base64url');
  const reversed = Buffer.from(number).reverse();
  const ways = { text: Buffer.from(pem.split('\n')[1]), text_of_the_number: Buffer.from(pem.split('\n')[1].slice(52, 64)) };
  for (const [name, bytes] of Object.entries({ number, reversed }))
    Object.assign(ways, { [name]: bytes, [`${name}_front`]: bytes.subarray(0, 16), [`${name}_back`]: bytes.subarray(16) });
  return ways;
}

function canSearch(t) {
  try {
    closeSync(openSync(`/proc/${keyringPid()}/mem`, 'r'));
    return true;
  } catch (error) {
    t.skip(`the memory of the children is closed to this user (${error.code}): run as root`);
    return false;
  }
}

test('the key is in the memory of the keyring and of no other process', async (t) => {
  if (!canSearch(t)) return;
  const ways = waysToWrite(readFileSync(keyFile('server-key'), 'latin1'));
  const point = new X509Certificate(readFileSync(keyFile('server'))).publicKey.export({ format: 'der', type: 'spki' }).subarray(-64);
  const { done, failures } = await underLoad(async () => {
    for (let round = 0; round < 3; round++) {
      for (const { pid, name } of [{ pid: server.process.pid, name: 'parent' }, ...server.children()]) {
        if (name === 'keyring') continue;
        assert.equal(sum(search(pid, ways)), 0, `${name} ${JSON.stringify(search(pid, ways))}`);
      }
      await sleep(100);
    }
  });
  // Our own handshakes stand still while we search, in a sanitizer's memory for longer than the server waits.
  if (SLOWER === 1) assert.deepEqual(failures, []);
  // The search finds what is there: the key where it must be, its public half where the handshakes are.
  const kept = search(keyringPid(), ways);
  assert.equal(kept.number + kept.reversed, 1, JSON.stringify(kept)); // the working one, in locked memory
  assert.equal(kept.text, 0, 'the file it was read from is wiped');
  for (const pid of server.pidsOf('edge')) assert.ok(search(pid, { point }).point >= 1);
  console.log(`key search: ${done} handshakes meanwhile, copies in the keyring ${kept.number + kept.reversed}`);
});

// It was used by this keyring's start, or by that of the one before.
async function checkAuthorityIsNowhere(t) {
  if (!canSearch(t)) return;
  const ways = waysToWrite(readFileSync(keyFile('ca-key'), 'latin1'));
  for (const { pid, name } of [{ pid: server.process.pid, name: 'parent' }, ...server.children()])
    assert.equal(sum(search(pid, ways)), 0, `${name} ${JSON.stringify(search(pid, ways))}`);
}

test('the key of the authority is in no process at all, once it was made and used', checkAuthorityIsNowhere);

test('no process but the keyring has a file of keys/ open, and it neither', () => {
  for (const { pid } of server.children())
    assert.doesNotMatch(readFileSync(`/proc/${pid}/maps`, 'latin1'), /\/keys\//);
});

// ---- death --------------------------------------------------------------------------------------

test('a keyring killed five times under load costs nobody a handshake', async () => {
  const seen = new Set();
  const edges = server.pidsOf('edge');
  const { done, failures } = await underLoad(async () => {
    for (let i = 0; i < 5; i++) {
      const pid = keyringPid();
      seen.add(pid);
      process.kill(pid, 'SIGKILL');
      await until('another keyring', () => server.pidsOf('keyring').some((other) => other !== pid));
      await sleep(300 * SLOWER);
    }
  });
  assert.deepEqual(failures, []);
  assert.equal(seen.size, 5);
  assert.ok(done >= 50, `${done} handshakes`);
  assert.deepEqual(server.pidsOf('edge'), edges);
  console.log(`keyring killed 5 times: ${done} handshakes, ${failures.length} failed`);
});

test('a keyring stopped for two seconds: connections that stand notice nothing, new ones wait', async () => {
  const standing = await Promise.all(Array.from({ length: 8 }, () => RawConnection.open(server, { localAddress: nextAddress() })));
  const pid = keyringPid();
  const times = [];
  process.kill(pid, 'SIGSTOP');
  let isStopped = true;
  const begun = Date.now();
  const waiting = Array.from({ length: 20 }, async () => {
    await wholeHandshake();
    return !isStopped;
  });
  while (Date.now() - begun < 2000) {
    for (const raw of standing) {
      const start = performance.now();
      raw.write(raw.request('GET', '/healthz'));
      assert.equal((await raw.answer())?.status, 200);
      times.push(performance.now() - start);
    }
  }
  isStopped = false;
  process.kill(pid, 'SIGCONT');
  assert.ok((await Promise.all(waiting)).every(Boolean), 'a handshake was signed by a stopped keyring');
  for (const raw of standing) raw.end();
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)];
  console.log(`keyring stopped: ${times.length} requests on standing connections, p99 ${p99.toFixed(1)} ms`);
  assert.ok(p99 < 100 * SLOWER, `p99 ${p99} ms`);
});

// Connections of clients that stand at the server's end.
function standingConnections() {
  const port = server.port.toString(16).toUpperCase().padStart(4, '0');
  const ours = new RegExp(`^\\s*\\d+: [0-9A-F]{8}:${port} \\S+ (01|08) `); // ESTABLISHED, CLOSE_WAIT
  return readFileSync('/proc/net/tcp', 'latin1').split('\n').filter((line) => ours.test(line)).length;
}

// The first flight of a real client.
async function clientHello() {
  const trap = createServer();
  await new Promise((done) => trap.listen(0, '127.0.0.1', done));
  const said = new Promise((done) => trap.once('connection', (socket) => socket.once('data', (bytes) => (socket.destroy(), done(bytes)))));
  connectTls({ host: '127.0.0.1', port: trap.address().port, minVersion: 'TLSv1.3' }).on('error', () => {});
  const bytes = await said;
  trap.close();
  return bytes;
}

async function sayHello(hello) {
  const socket = connect({ host: '127.0.0.1', port: server.port, localAddress: nextAddress() });
  socket.on('error', () => {});
  await once(socket, 'connect');
  await new Promise((done) => socket.write(hello, done));
  return socket;
}

test('who leaves while the signature is made leaves nothing behind', async () => {
  const [pid, edges] = [keyringPid(), server.pidsOf('edge')];
  await until('earlier connections are gone', () => standingConnections() === 0);
  process.kill(pid, 'SIGSTOP');
  const hello = await clientHello();
  const leaving = await Promise.all(Array.from({ length: 100 }, () => sayHello(hello)));
  await until('all are there', () => standingConnections() === 100);
  await sleep(200);
  for (const [i, socket] of leaving.entries()) {
    if (i % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  }
  await until('all of them are closed', () => standingConnections() === 0, 8000 * SLOWER);
  process.kill(pid, 'SIGCONT');
  await wholeHandshake();
  assert.deepEqual(server.pidsOf('edge'), edges);
});

test('a keyring that stays away: new handshakes end at their deadline, and begin again with the next one', async () => {
  const pid = keyringPid();
  process.kill(pid, 'SIGSTOP');
  const begun = Date.now();
  await assert.rejects(wholeHandshake());
  const took = Date.now() - begun;
  process.kill(pid, 'SIGKILL');
  assert.ok(took > 4000 && took < 7000 + 1000 * SLOWER, `${took} ms`);
  await until('handshakes again', wholeHandshake);
});

// ---- change -------------------------------------------------------------------------------------

test('the certificate changes under load: nobody fails, and the new one is served', async () => {
  const standing = await RawConnection.open(server, { localAddress: nextAddress() });
  const { done, failures } = await underLoad(async () => {
    for (let i = 0; i < 3; i++) {
      const [pid, serial] = [keyringPid(), (await wholeHandshake()).serialNumber];
      rmSync(keyFile('server'));
      process.kill(server.process.pid, 'SIGUSR1'); // look at the certificate now
      await until('the new certificate', async () => (await wholeHandshake()).serialNumber !== serial);
      await until('one keyring, another one', () => !isAlive(pid) && server.pidsOf('keyring').length === 1);
      // Every edge, not just the one that answered first.
      const now = new X509Certificate(readFileSync(keyFile('server'))).serialNumber;
      await until('every edge shows it', async () => {
        for (let k = 0; k < 16; k++) if ((await wholeHandshake()).serialNumber !== now) return false;
        return true;
      });
    }
  });
  assert.deepEqual(failures, []);
  standing.write(standing.request('GET', '/healthz'));
  assert.equal((await standing.answer()).status, 200);
  standing.end();
  console.log(`certificate changed 3 times: ${done} handshakes, ${failures.length} failed`);
});

test('the key of the authority is in no process at all, once it was read and used again', checkAuthorityIsNowhere);

test('a look that finds nothing to do changes the keyring and not the certificate', async () => {
  const [pid, serial] = [keyringPid(), (await wholeHandshake()).serialNumber];
  const { failures } = await underLoad(async () => {
    process.kill(server.process.pid, 'SIGUSR1');
    await until('another keyring', () => !isAlive(pid) && server.pidsOf('keyring').length === 1);
  });
  assert.deepEqual(failures, []);
  assert.equal((await wholeHandshake()).serialNumber, serial);
});

test('a keyring that hangs is replaced all the same', async () => {
  const [pid, serial] = [keyringPid(), (await wholeHandshake()).serialNumber];
  process.kill(pid, 'SIGSTOP');
  rmSync(keyFile('server'));
  process.kill(server.process.pid, 'SIGUSR1');
  await until('it is gone', () => !isAlive(pid) && server.pidsOf('keyring').length === 1, 10000 * SLOWER);
  await until('the new certificate', async () => (await wholeHandshake()).serialNumber !== serial);
});

test('a next keyring that cannot start leaves the first in charge', async () => {
  const pid = keyringPid();
  const certificate = readFileSync(join(server.data, 'ca.pem'));
  rmSync(join(server.data, 'ca.pem'));
  process.kill(server.process.pid, 'SIGUSR1');
  await until('it has given up', () => server.log.some((line) => line.includes('event=parent.keyring_not_changed')));
  assert.equal(keyringPid(), pid);
  await wholeHandshake();
  writeFileSync(join(server.data, 'ca.pem'), certificate, { mode: 0o600 });
});

// ---- TLS 1.2 ------------------------------------------------------------------------------------

test('a change cut short between key and certificate keeps the key that edges still show', async () => {
  const shown = readFileSync(keyFile('server-key'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(keyFile('server-old-key'), shown, { mode: 0o600 });
  writeFileSync(keyFile('server-key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const before = server.log.length;
  process.kill(server.process.pid, 'SIGUSR1');
  await until('the next certificate', () => server.log.slice(before).some((line) => /event=parent.certificate_changed/.test(line)));
  assert.deepEqual(readFileSync(keyFile('server-old-key')), shown);
  await wholeHandshake();
});

test('a key for TLS 1.2 is there only when it is asked for', async () => {
  assert.ok(!existsSync(keyFile('legacy-key')));
  const other = await Server.start({ settings: { 'tls.legacy_devices': 'on' } });
  try {
    const [legacy, normal] = ['legacy', 'server'].map((name) => new X509Certificate(readFileSync(join(other.data, 'keys', `${name}.pem`))));
    const authority = new X509Certificate(other.ca);
    assert.ok(legacy.verify(authority.publicKey) && normal.verify(authority.publicKey));
    assert.notDeepEqual(legacy.publicKey.export({ format: 'jwk' }), normal.publicKey.export({ format: 'jwk' }));
    const raw = await RawConnection.open(other);
    assert.equal(raw.socket.getPeerX509Certificate().serialNumber, normal.serialNumber);
    raw.end();
  } finally {
    await other.stop();
  }
});
