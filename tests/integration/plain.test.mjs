// The listener without encryption: it leads people to https and takes nothing from programs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { RawConnection } from './lib/raw.mjs';
import { Server, run } from './lib/server.mjs';

let server, plain;

before(async () => {
  server = await Server.start({ settings: { http: '127.0.0.1:0' } });
  [plain] = server.also('http');
});
after(() => server.stop());

// One request on a connection of its own: { status, head, text, headers }; every answer ends its connection.
async function ask(text) {
  const raw = await RawConnection.openPlain(plain);
  raw.write(text);
  const answer = await raw.answer({ hasBody: !text.startsWith('HEAD') });
  await raw.closed();
  const lines = answer.head.split('\r\n').slice(1);
  return { ...answer, headers: Object.fromEntries(lines.map((line) => [line.split(':')[0].toLowerCase(), line.replace(/^[^:]*: /, '')])) };
}
const get = (path, host = `localhost:${plain}`, method = 'GET') => ask(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

test('pages lead to https, on the host that was asked for', async () => {
  for (const method of ['GET', 'HEAD'])
    for (const path of ['/', '/devices/abc', '/assets/nothing.js?a=b&c=d', '/?next=//evil.example/', '/api', '/healthz']) {
      const answer = await get(path, 'house.example:80', method);
      assert.equal(answer.status, 308, path);
      assert.equal(answer.headers.location, `https://house.example:${server.port}${path}`);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['content-length'], '0');
      assert.equal(answer.headers.connection, 'close');
    }
  assert.equal((await get('/', '[::1]')).headers.location, `https://[::1]:${server.port}/`);
});

test('where it leads is never what a stranger wrote between the lines', async () => {
  for (const host of ['a_b', '-evil.example', 'evil..example', '1.2.3', '[fe80]', '256.0.0.1'])
    assert.equal((await get('/', host)).headers.location, `https://127.0.0.1:${server.port}/`, host);
  for (const host of ['evil.example/x', 'a@evil.example', 'evil.example\rSet-Cookie: a=b', ''])
    assert.equal((await get('/', host)).status, 400, host);
  for (const path of ['//evil.example/', '/\\evil.example', '/%0d%0aSet-Cookie:a=b', 'http://evil.example/', '/%2F/evil.example'])
    assert.equal((await get(path)).status, 400, path);
});

test('where credentials could come, none are taken', async () => {
  const requests = [
    'GET /api/v1/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\n\r\n',
    'HEAD /device/v1/desired HTTP/1.1\r\nHost: h\r\n\r\n',
    'GET /api/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n',
    'POST /api/v1/login HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\nExpect: 100-continue\r\n\r\n', // the body is not waited for
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
    'OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n',
    'DELETE /.well-known/acme-challenge/abc HTTP/1.1\r\nHost: h\r\n\r\n',
  ];
  for (const request of requests) {
    const answer = await ask(request);
    assert.equal(answer.status, 403, request);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.headers.location, undefined, 'a program must not be led on');
    if (request.startsWith('HEAD')) continue;
    const problem = JSON.parse(answer.text);
    assert.equal(problem.type, '/problems/unencrypted');
    assert.match(problem.detail, new RegExp(`lost.*https://h:${server.port}/\\.`));
  }
});

test('what cannot be read is refused as over TLS, a TLS hello too', async () => {
  assert.equal((await ask('GET / HTTP/1.0\r\n\r\n')).status, 505);
  assert.equal((await ask('TRACE / HTTP/1.1\r\nHost: h\r\n\r\n')).status, 501);
  assert.equal((await ask('GET / HTTP/1.1\r\n\r\n')).status, 400);
  assert.equal((await ask(`GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(9000)}\r\n\r\n`)).status, 431);
  assert.equal((await ask('\x16\x03\x01\x02\x00\x01\n')).status, 400);
});

test('ACME challenges: the named file of the data directory and no other', async () => {
  const directory = join(server.data, 'db', 'acme');
  const challenge = `/.well-known/acme-challenge/`;
  const token = 'LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
  assert.equal((await get(challenge + token)).status, 404);
  mkdirSync(directory);
  writeFileSync(join(directory, token), `${token}.thumbprint`);
  writeFileSync(join(directory, 'large'), 'x'.repeat(513));
  writeFileSync(join(directory, 'a.b'), 'x');
  mkdirSync(join(directory, 'directory'));
  execFileSync('mkfifo', [join(directory, 'pipe')]); // must not be waited for
  const answer = await get(challenge + token);
  assert.equal(answer.status, 200);
  assert.equal(answer.text, `${token}.thumbprint`);
  assert.equal(answer.headers['content-type'], 'application/octet-stream');
  const sealed = await new Client(server).get(challenge + token);
  assert.equal(sealed.text, `${token}.thumbprint`, 'an authority may have been led to https');
  for (const name of ['', 'large', 'a.b', 'directory', 'pipe', 'x'.repeat(129), '..', `${token}/`, `${token}/x`, '%2e%2e', '.'])
    assert.match(String((await get(challenge + name)).status), /400|404/, name);
});

test('no HSTS where nothing is encrypted, all else as everywhere', async () => {
  for (const answer of [await get('/'), await get('/api/'), await get('/.well-known/acme-challenge/x'), await ask('x\n')]) {
    assert.equal(answer.headers['strict-transport-security'], undefined);
    for (const name of ['x-frame-options', 'x-content-type-options', 'referrer-policy', 'content-security-policy', 'permissions-policy'])
      assert.ok(answer.headers[name], `${answer.status} ${name}`);
    assert.equal(answer.headers.server, undefined);
  }
});

test('one line says why a plain listener cannot be, and off is off', async () => {
  const other = await Server.start({ settings: { http: 'off' } });
  assert.deepEqual(other.also('http'), []);
  await other.stop();
  const { code, stderr } = await run(['serve', '--data', `${server.data}-2`, '--https', '127.0.0.1:0', '--http', `127.0.0.1:${plain}`]);
  assert.equal(code, 1);
  assert.match(stderr, /another program listens there; stop it or choose --http ADDR:PORT/);
  rmSync(`${server.data}-2`, { recursive: true });
});

test('a name is listened for on every address that it has here', async () => {
  const other = await Server.start({ settings: { http: 'localhost:0' } });
  const addresses = await lookup('localhost', { all: true });
  const [port, ...others] = other.also('http');
  assert.equal(others.length + 1, addresses.length);
  for (const { address } of addresses) {
    const raw = await RawConnection.openPlain(port, { host: address });
    raw.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal((await raw.answer()).status, 308, address);
    raw.end();
  }
  for (const at of others) assert.equal(at, port);
  await other.stop();
});
