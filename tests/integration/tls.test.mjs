// TLS as strangers meet it.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { RawConnection } from './lib/raw.mjs';
import { Server, run, until } from './lib/server.mjs';

let server;

before(async () => {
  server = await Server.start();
});
after(() => server.stop());

// What comes of it: 'connected' or the error's code.
async function attempt(options) {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...options });
  try {
    await once(socket, 'secureConnect');
    return 'connected';
  } catch (error) {
    return error.code;
  } finally {
    socket.destroy();
  }
}

test('TLS 1.3 and nothing else', async () => {
  assert.equal(await attempt({ minVersion: 'TLSv1.3' }), 'connected');
  const ciphers = 'ALL:@SECLEVEL=0';
  for (const version of ['TLSv1.2', 'TLSv1.1', 'TLSv1'])
    assert.match(await attempt({ minVersion: version, maxVersion: version, ciphers }), /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, version);
});

test('every cipher of TLS 1.3 that we name, no other curve than two', async () => {
  for (const cipher of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']) {
    const raw = await RawConnection.open(server, { ciphers: cipher });
    assert.equal(raw.socket.getCipher().name, cipher);
    raw.end();
  }
  assert.equal(await attempt({ ecdhCurve: 'P-256' }), 'connected');
  assert.equal(await attempt({ ecdhCurve: 'X25519' }), 'connected');
  assert.notEqual(await attempt({ ecdhCurve: 'P-521' }), 'connected');
});

test('ALPN: http/1.1, or nothing said', async () => {
  for (const [offered, chosen] of [[['h2', 'http/1.1'], 'http/1.1'], [['http/1.1'], 'http/1.1'], [undefined, false]]) {
    const raw = await RawConnection.open(server, { ALPNProtocols: offered });
    assert.equal(raw.socket.alpnProtocol, chosen);
    raw.end();
  }
  assert.match(await attempt({ ALPNProtocols: ['h2'] }), /ALERT_NO_APPLICATION_PROTOCOL|ERR_SSL/);
});

test('the certificate is of our own authority, and names this machine', async () => {
  const raw = await RawConnection.open(server, { servername: 'localhost' });
  const certificate = new X509Certificate(raw.socket.getPeerCertificate().raw);
  const authority = new X509Certificate(server.ca);
  assert.ok(certificate.verify(authority.publicKey));
  assert.ok(authority.ca && !certificate.ca);
  assert.equal(certificate.checkHost('localhost'), 'localhost');
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkIP('::1'), '::1');
  assert.equal(certificate.checkHost('evil.example'), undefined);
  assert.ok(Date.parse(certificate.validFrom) <= Date.now());
  raw.end();
  assert.equal(await attempt({ servername: 'evil.example' }), 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.notEqual(await attempt({ ca: undefined }), 'connected');
});

test('the certificate stays the same over a restart', async () => {
  const fingerprint = async () => {
    const raw = await RawConnection.open(server);
    const certificate = raw.socket.getPeerCertificate();
    raw.end();
    return certificate.fingerprint256;
  };
  const before = await fingerprint();
  await server.terminate();
  await server.start();
  assert.equal(await fingerprint(), before);
});

// A session ticket of one connection.
async function ticket() {
  const raw = await RawConnection.open(server);
  const session = once(raw.socket, 'session');
  raw.write(raw.request('GET', '/healthz'));
  const [bytes] = await session;
  await raw.answer();
  raw.end();
  return bytes;
}

async function isResumed(session) {
  const raw = await RawConnection.open(server, { session });
  raw.write(raw.request('GET', '/healthz'));
  assert.equal((await raw.answer()).status, 200);
  const is = raw.socket.isSessionReused();
  raw.end();
  return is;
}

test('sessions resume at any edge', async () => {
  // The kernel picks the edge: of sixteen connections, both have some.
  for (let i = 0; i < 16; i++) assert.ok(await isResumed(await ticket()), `connection ${i}`);
});

test('sessions resume at an edge that was started anew, not at another server', async () => {
  const old = await ticket();
  for (const pid of server.pidsOf('edge')) process.kill(pid, 'SIGKILL');
  await until('the edges are back', async () => server.pidsOf('edge').length === 2 && (await isResumed(old)));
  await server.terminate();
  await server.start();
  assert.equal(await isResumed(old), false); // its keys were never on a disk
});

test('no early data is taken', async () => {
  const { code } = await run(['version'], { program: 'openssl' }).catch(() => ({ code: 1 }));
  if (code !== 0) return console.log('openssl is not here: early data and fragment lengths left out');
  const args = ['s_client', '-connect', `127.0.0.1:${server.port}`, '-CAfile', `${server.data}/ca.pem`, '-tls1_3'];
  const request = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const plain = await run([...args, '-ign_eof'], { program: 'openssl', input: request });
  assert.match(plain.stdout, /Max Early Data: 0/);
  for (const length of ['512', '1024', '2048', '4096']) {
    const { stdout } = await run([...args, '-ign_eof', '-maxfraglen', length], { program: 'openssl', input: request });
    assert.match(stdout, /HTTP\/1\.1 200 OK/, `fragments of ${length}`);
    assert.match(stdout, /Verify return code: 0/);
  }
});

test('a small fragment length holds for long answers', async () => {
  const { code } = await run(['version'], { program: 'openssl' }).catch(() => ({ code: 1 }));
  if (code !== 0) return;
  const args = ['s_client', '-connect', `127.0.0.1:${server.port}`, '-CAfile', `${server.data}/ca.pem`, '-maxfraglen', '512', '-ign_eof', '-msg'];
  const input = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const { stdout } = await run(args, { program: 'openssl', input });
  assert.match(stdout, /HTTP\/1\.1 200 OK/);
  // <<< TLS 1.3, RecordHeader [length 0005] and its five bytes: the last two are the length.
  const lengths = [...stdout.matchAll(/<<< [^\n]*RecordHeader[^\n]*\n\s+17 03 03 (\w\w) (\w\w)/g)].map(([, high, low]) => parseInt(high + low, 16));
  assert.ok(lengths.length > 10, `${lengths.length} records`);
  // 512 of content, one of type, sixteen of tag.
  assert.ok(Math.max(...lengths) <= 512 + 1 + 16, `${Math.max(...lengths)} bytes in a record`);
});
