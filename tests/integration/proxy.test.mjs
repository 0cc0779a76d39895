// Who is calling: told by proxies that are listed, by nobody else; and the proxies of deploy/ themselves.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { auditOf } from './lib/audit.mjs';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { EventStream } from './lib/events.mjs';
import { RawConnection } from './lib/raw.mjs';
import { PASSWORD, Server, run, until } from './lib/server.mjs';

const PROXY = '127.0.1.1';
const ADA = 'ada@example.org';

async function start(settings) {
  const server = await Server.start({ settings });
  await server.addUser(ADA);
  return server;
}

// A TLS connection from an address of the loopback network, with what a proxy would send before it.
async function open(server, { from = PROXY, before = [] } = {}) {
  const socket = connect({ host: '127.0.0.1', port: server.port, localAddress: from });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.setNoDelay(true);
  for (const part of before) {
    socket.write(part);
    await new Promise((done) => setTimeout(done, 5));
  }
  if (socket.destroyed) throw new Error('closed');
  return RawConnection.open(server, { socket, host: undefined, port: undefined });
}

// Who the server believes is asking: it writes down from where a sign-in failed.
let asked = 0;
async function askWith(raw, headers = {}) {
  const email = `nobody-${++asked}@example.org`;
  raw.write(raw.request('POST', '/api/v1/login', { Host: 'localhost', ...headers }, JSON.stringify({ email, password: 'wrong wrong wrong' })));
  const answer = await raw.answer();
  return { email, status: answer?.status };
}

async function callerOf(server, { headers, ...options } = {}) {
  const raw = await open(server, options);
  const { email, status } = await askWith(raw, headers);
  raw.end();
  if (status !== 401) return status;
  return auditOf(server).find(({ subject }) => subject === email)?.peer;
}

// How a connection ends that is not let in.
async function refused(server, options) {
  await assert.rejects(open(server, options), /ECONNRESET|disconnected|EPIPE|socket hang up|closed/);
}

describe('by request', () => {
  let server;
  before(async () => {
    server = await start({ 'proxy.header': 'x-forwarded-for', 'proxy.from': `${PROXY}/32` });
  });
  after(() => server.stop());

  test('X-Forwarded-For of a listed proxy is believed, of nobody else', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7' };
    assert.equal(await callerOf(server, { headers }), '198.51.100.7');
    assert.equal(await callerOf(server, { headers: { 'X-Forwarded-For': '2001:db8::7' } }), '2001:db8:0:0:0:0:0:7');
    assert.equal(await callerOf(server, { headers, from: '127.0.1.2' }), '127.0.1.2');
    assert.equal(await callerOf(server), PROXY, 'it speaks for itself');
    assert.equal(await callerOf(server, { headers: { 'CF-Connecting-IP': '198.51.100.7', Forwarded: 'for=198.51.100.7' } }), PROXY);
  });

  test('on one connection every request has its own', async () => {
    const raw = await open(server);
    const seen = [];
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.1']) seen.push((await askWith(raw, { 'X-Forwarded-For': address })).email);
    raw.end();
    const trail = auditOf(server);
    assert.deepEqual(seen.map((email) => trail.find(({ subject }) => subject === email).peer), ['198.51.100.1', '198.51.100.2', '198.51.100.1']);
  });

  test('what is no address is refused', async () => {
    for (const value of ['unknown', '198.51.100.7:80', '', '198.51.100.7,']) assert.equal(await callerOf(server, { headers: { 'X-Forwarded-For': value } }), 400, value);
    assert.equal(await callerOf(server, { headers: { 'X-Forwarded-For': 'unknown' }, from: '127.0.1.2' }), '127.0.1.2');
  });

  test('a PROXY header is no TLS', async () => {
    await assert.rejects(open(server, { before: ['PROXY TCP4 198.51.100.7 198.51.100.1 1 2\r\n'] }));
  });
});

test('CF-Connecting-IP, and the preset with its own networks stored', async (t) => {
  const server = new Server({ settings: { 'proxy': 'cloudflare', 'proxy.only': 'on' } });
  const ranges = (args, input) => run(['ranges', 'cloudflare', ...args, '--data', server.data], { input });
  assert.match((await ranges([])).stdout, /^22 networks, built in, of \d{4}-\d\d-\d\d\n$/);
  const wrong = await ranges(['-'], '192.0.2.0/24\n<html>\n');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /line 2 .*nothing was stored/);
  assert.match((await ranges(['-'], '0.0.0.0/0\n')).stderr, /line 1 .*nothing was stored/);
  assert.match((await ranges([])).stdout, /^22 networks, built in/);
  assert.equal((await ranges(['-'], `192.0.2.0/24\n${PROXY}/32\n`)).code, 0);
  assert.match((await ranges([])).stdout, /^2 networks, stored 0 days ago\n$/);
  await server.start();
  t.after(() => server.endAtOnce());
  assert.equal(await callerOf(server, { headers: { 'CF-Connecting-IP': '198.51.100.7', 'X-Forwarded-For': '203.0.113.9' } }), '198.51.100.7');
  assert.equal(await callerOf(server), 400);
  await refused(server, { from: '127.0.1.2' });
  writeFileSync(join(server.data, 'cloudflare.txt'), 'nonsense\n');
  await server.terminate();
  await assert.rejects(server.start(), /cloudflare.txt in the data directory is no list/);
});

describe('by connection', () => {
  let server;
  before(async () => {
    server = await start({ 'proxy.header': 'proxy-protocol', 'proxy.from': `${PROXY}/32`, http: '127.0.0.1:0' });
  });
  after(() => server.stop());

  const V2 = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0F', 'latin1'), Buffer.from([198, 51, 100, 8, 198, 51, 100, 1, 1, 2, 3, 4]), Buffer.from('\x04\0\0', 'latin1')]);
  const LOCAL = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1');
  const V1 = 'PROXY TCP4 198.51.100.7 198.51.100.1 56324 443\r\n';

  test('the PROXY header of a listed proxy, however it arrives', async () => {
    assert.equal(await callerOf(server, { before: [V1] }), '198.51.100.7');
    assert.equal(await callerOf(server, { before: [...V1] }), '198.51.100.7');
    assert.equal(await callerOf(server, { before: [V2] }), '198.51.100.8');
    assert.equal(await callerOf(server, { before: [...V2].map((byte) => Buffer.from([byte])) }), '198.51.100.8');
    assert.equal(await callerOf(server, { before: [LOCAL] }), PROXY);
    assert.equal(await callerOf(server, { before: ['PROXY UNKNOWN\r\n'] }), PROXY);
    assert.equal(await callerOf(server, { before: [V1], headers: { 'X-Forwarded-For': '203.0.113.9' } }), '198.51.100.7');
  });

  test('from nobody else', async () => {
    assert.equal(await callerOf(server, { from: '127.0.1.2' }), '127.0.1.2');
    await assert.rejects(open(server, { from: '127.0.1.2', before: [V1] }));
  });

  test('a listed proxy without one, or with half of one, is closed', async () => {
    await refused(server);
    await refused(server, { before: ['PROXY TCP4 198.51.100.7\r\n'] });
    const raw = await RawConnection.openPlain(server.port, { localAddress: PROXY });
    const begun = Date.now();
    const letters = [...'PROXY TCP4 198.51.100.7'];
    const drip = setInterval(() => raw.write(letters.shift()), 500);
    await raw.closed();
    clearInterval(drip);
    const ms = Date.now() - begun;
    assert.ok(ms > 3000 && ms < 9000, `closed after ${ms} ms; the deadline of a hello is 5 s`);
    await until('it is in the log', () => server.log.some((line) => /edge.proxy_header_refused.*peer=.*127.0.1.1/.test(line)));
  });

  test('the plain listener reads it too', async () => {
    const raw = await RawConnection.openPlain(server.also('http')[0], { localAddress: PROXY });
    raw.write(`${V1}GET / HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.equal((await raw.answer()).status, 308);
    raw.end();
  });
});

test('the origin lock: nobody but listed proxies gets in', async (t) => {
  const server = await start({ 'proxy.only': 'on', 'proxy.header': 'x-forwarded-for', 'proxy.from': `${PROXY}/32`, http: '127.0.0.1:0' });
  t.after(() => server.stop());
  assert.equal(await callerOf(server), PROXY);
  await refused(server, { from: '127.0.1.2' });
  await assert.rejects(async () => {
    const raw = await RawConnection.openPlain(server.also('http')[0], { localAddress: '127.0.1.2' });
    await raw.closed();
    throw raw.error;
  }, /ECONNRESET/);
});

test('limits count whom the proxy speaks for, by request', async (t) => {
  const server = await Server.start({ limited: true, settings: { 'limits.login_per_min': 2, 'limits.api_per_s': 1, 'proxy.header': 'x-forwarded-for', 'proxy.from': `${PROXY}/32` } });
  t.after(() => server.stop());
  await server.addUser(ADA);
  const raws = [];
  for (let i = 0; i < 15; i++) raws.push(await open(server)); // more than one address may have
  const login = async (i, address) => (await askWith(raws[i], { 'X-Forwarded-For': address })).status;
  assert.equal(await login(0, '198.51.100.1'), 401);
  assert.equal(await login(1, '198.51.100.1'), 401);
  assert.equal(await login(2, '198.51.100.1'), 429);
  assert.equal(await login(2, '203.0.113.9, 198.51.100.1'), 429, 'whatever it says about itself');
  assert.equal(await login(2, '198.51.100.2'), 401, 'another one on the same connection');
  const ask = async (raw, headers) => {
    raw.write(raw.request('GET', '/api/v1/me', { Host: 'localhost', ...headers }));
    return (await raw.answer()).status;
  };
  raws[3].write(raws[3].request('POST', '/api/v1/login', { Host: 'localhost', 'X-Forwarded-For': '198.51.100.3' }, JSON.stringify({ email: ADA, password: PASSWORD })));
  const [, cookie] = /set-cookie: ([^;]*)/i.exec((await raws[3].answer()).head);
  for (let i = 0; i < 12; i++) assert.equal(await ask(raws[3 + i], { Cookie: cookie, 'X-Forwarded-For': '198.51.100.3' }), 200, 'who is signed in does not count with the address');
  const strangers = [];
  for (let i = 0; i < 6; i++) strangers.push(await ask(raws[i], { Cookie: '__Host-session=x', 'X-Forwarded-For': '198.51.100.4' }));
  assert.ok(strangers.includes(401) && strangers.includes(429), `${strangers}`);
  for (const raw of raws) raw.end();
});

test('limits count whom the proxy speaks for, by connection', async (t) => {
  const server = await Server.start({ limited: true, settings: { 'limits.handshakes_per_s': 1000, 'proxy.header': 'proxy-protocol', 'proxy.from': `${PROXY}/32` } });
  t.after(() => server.stop());
  const header = (address) => ({ before: [`PROXY TCP4 ${address} 198.51.100.1 1 2\r\n`] });
  const raws = [];
  for (let i = 0; i < 20; i++) raws.push(await open(server, header(`198.51.100.${1 + (i % 2)}`)));
  await refused(server, header('198.51.100.1'));
  raws.push(await open(server, header('198.51.100.3')));
  raws.shift().end();
  await until('a place is free again', async () => raws.push(await open(server, header('198.51.100.1'))));
  for (const raw of raws) raw.end();
});

test('settings that contradict each other stop the start', async () => {
  for (const [settings, says] of [
    [{ 'proxy.only': 'on' }, /proxy.only = on lets in proxies only, but there is none/],
    [{ 'proxy.header': 'x-forwarded-for' }, /proxy.header says what proxies write, but there is none/],
  ]) {
    const server = new Server({ settings });
    await assert.rejects(server.start(), says);
    rmSync(server.directory, { recursive: true });
  }
});

// ---- the real proxies --------------------------------------------------------------------------

const deploy = (name) => readFileSync(fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url)), 'utf8');

async function freePort() {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address();
  holder.close();
  await once(holder, 'close');
  return port;
}

class Front {
  // text: of its configuration, whose ports and files are replaced as pairs say; every pair must be found.
  static async start(text, pairs, command) {
    const front = new Front();
    front.directory = mkdtempSync(join(tmpdir(), 'oceanremote-front-'));
    front.port = await freePort();
    front.plainPort = await freePort();
    for (const [what, by] of pairs(front)) {
      assert.ok(text.includes(what), `${what} is in the file of deploy/`);
      text = text.replaceAll(what, by);
    }
    const path = join(front.directory, 'front.conf');
    writeFileSync(path, text);
    const [program, ...args] = command(path, front.directory);
    front.process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    front.log = '';
    for (const stream of ['stdout', 'stderr']) front.process[stream].setEncoding('utf8').on('data', (part) => (front.log += part));
    process.once('exit', () => front.process.kill('SIGKILL'));
    await until(`${program} listens`, async () => {
      if (front.process.exitCode !== null) throw new Error(front.log);
      const raw = await RawConnection.openPlain(front.port);
      raw.end();
      return true;
    });
    return front;
  }

  async stop() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const nginx = (path, directory) => ['nginx', '-c', path, '-g', `daemon off; pid ${directory}/pid; error_log stderr;`];
const haproxy = (path) => ['haproxy', '-db', '-f', path];
const listening = (front) => [
  ['listen 443', `listen 127.0.0.1:${front.port}`],
  ['listen 80', `listen 127.0.0.1:${front.plainPort}`],
  [/* no second address family */ 'listen [::]:443', `listen 127.0.0.2:${front.port}`],
  ['listen [::]:80', `listen 127.0.0.2:${front.plainPort}`],
];

const CLIENT = '127.0.2.7';

// What holds behind each of the three.
function behind(name, startFront, { settings, hasPlain }) {
  describe(name, () => {
    let server, front, ca;
    before(async () => {
      server = await start({ ...settings, http: hasPlain ? '127.0.0.1:0' : 'off', redirect_port: 443, 'proxy.from': '127.0.0.1/32', 'proxy.only': 'on' });
      front = await startFront(server);
      ca = front.ca ?? server.ca;
    });
    after(async () => {
      await front?.stop();
      await server?.stop();
    });

    const through = (options) => callerOf({ ...server, data: server.data, port: front.port, ca }, { from: CLIENT, ...options });

    test('the server sees who is calling', async () => {
      assert.equal(await through(), CLIENT);
      assert.equal(await through({ from: '127.0.2.8' }), '127.0.2.8');
    });

    test('what a client says about itself has no effect', async () => {
      for (const headers of [{ 'X-Forwarded-For': '203.0.113.9' }, { 'X-Forwarded-For': '203.0.113.9, 127.0.0.1' }, { 'CF-Connecting-IP': '203.0.113.9' }, { 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9' }])
        assert.equal(await through({ headers }), CLIENT, JSON.stringify(headers));
      await assert.rejects(through({ before: ['PROXY TCP4 203.0.113.9 198.51.100.1 1 2\r\n'] }));
    });

    test('nobody gets around it', async () => {
      await refused(server, { from: CLIENT });
    });

    test('a browser signs in, switches, and sees it on its event stream; a device holds a request', async () => {
      const there = { port: front.port, ca };
      const owner = await Client.login(there, { email: ADA });
      const device = await Device.enrol(owner, 'buoy');
      const stream = await EventStream.open(owner);
      await device.measure('temp', 21.5);
      await stream.next(({ event }) => event === 'reading');
      const { version } = (await device.desired()).json;
      const begun = Date.now();
      const held = device.desired({ after: version, wait: 30 });
      await new Promise((done) => setTimeout(done, 300));
      const { json } = await owner.patch(`/api/v1/devices/${device.id}/desired`, { switches: { relay1: true } });
      const answer = await held;
      assert.equal(answer.status, 200);
      assert.equal(answer.json.version, json.version);
      assert.ok(Date.now() - begun < 10_000, 'the hold ended with the switch');
      stream.close();
      owner.agent.destroy();
      device.agent.destroy();
    });

    test('without encryption: pages are led on, credentials refused', async () => {
      for (const [path, status] of [['/', 308], ['/api/v1/me', 403], ['/device/v1/desired', 403]]) {
        const raw = await RawConnection.openPlain(front.plainPort, { localAddress: CLIENT });
        raw.write(`GET ${path} HTTP/1.1\r\nHost: house.example\r\nConnection: close\r\n\r\n`);
        const answer = await raw.answer();
        assert.equal(answer.status, status, path);
        if (status === 308) assert.match(answer.head, /^location: https:\/\/house\.example\/\r?$/im);
        raw.end();
      }
    });
  });
}

const passthrough = { settings: { 'proxy.header': 'proxy-protocol' }, hasPlain: true };
const backends = (server) => [
  ['127.0.0.1:8443', `127.0.0.1:${server.port}`],
  ['127.0.0.1:8080', `127.0.0.1:${server.also('http')[0]}`],
];

behind('nginx, TLS handed on', (server) => Front.start(deploy('nginx-passthrough.conf'), (front) => [...listening(front), ...backends(server)], nginx), passthrough);

behind(
  'HAProxy, TLS handed on',
  (server) =>
    Front.start(deploy('haproxy-passthrough.cfg'), (front) => [['maxconn 20000', 'maxconn 1000'], [':::443 v4v6', `127.0.0.1:${front.port}`], [':::80 v4v6', `127.0.0.1:${front.plainPort}`], ...backends(server)], haproxy),
  passthrough,
);

async function startTerminating(server) {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-front-ca-'));
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => join(directory, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=front', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const pairs = (front) => [
    ...listening(front),
    ['/etc/ssl/certs/oceanremote.pem', certificate],
    ['/etc/ssl/private/oceanremote.key', key],
    ['/var/lib/oceanremote/ca.pem', join(server.data, 'ca.pem')],
    ['127.0.0.1:8443', `127.0.0.1:${server.port}`],
    ['access_log off;', `access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${front.directory}/${name};`).join(' ')}`],
  ];
  const front = await Front.start(deploy('nginx-terminating.conf'), pairs, nginx);
  front.ca = readFileSync(certificate);
  rmSync(directory, { recursive: true });
  return front;
}

behind('nginx, decrypting and encrypting again', startTerminating, { settings: { 'proxy.header': 'x-forwarded-for' }, hasPlain: false });

test('a front that does not trust our authority reaches nothing', async () => {
  const server = await start({});
  const other = await start({});
  const front = await startTerminating({ ...server, data: other.data, port: server.port });
  const status = await new Promise((done, fail) =>
    request({ host: '127.0.0.1', port: front.port, path: '/healthz', ca: front.ca, agent: false }, (res) => res.resume().on('end', () => done(res.statusCode)))
      .on('error', fail)
      .end(),
  );
  assert.equal(status, 502);
  await front.stop();
  await server.stop();
  await other.stop();
});
