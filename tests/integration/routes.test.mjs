// Every published route, met by everybody who should not get through, and every kind of answer's obligations.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { RawConnection } from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

let server, nobody, ada, bob, readKey, controlKey, device, bobs, operations;

before(async () => {
  server = await Server.start();
  nobody = new Client(server);
  ada = await Client.login(server, await server.addUser('ada@example.org'));
  bob = await Client.login(server, await server.addUser('bob@example.org'));
  readKey = await ada.withKey('read');
  controlKey = await ada.withKey('control');
  device = await Device.enrol(ada);
  bobs = await Device.enrol(bob);
  operations = await published();
});
after(() => server.stop());

// [{ method, path, caller, name, takes: media types }] of /openapi.json.
async function published() {
  const { paths } = is(await nobody.get('/openapi.json'), 200);
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation['x-caller'])
      .map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        name: `${method} ${path}`,
        caller: operation['x-caller'],
        takes: Object.keys(operation.requestBody?.content ?? {}),
      })),
  );
}

const example = { '/readings': '?metric=v' };

// A request that could go well, but for what is wrong about its caller.
function call(client, { method, path, takes }, { id = device.id, body = '{}', headers } = {}) {
  const query = method === 'GET' && path.startsWith('/api/v1/devices/') ? (example[path.slice(path.lastIndexOf('/'))] ?? '') : '';
  return client.send(method, path.replace('{id}', id) + query, { body: takes.length > 0 ? body : undefined, headers });
}

const ofOwner = ({ caller }) => caller.startsWith('key:') || caller === 'owner-browser' || caller === 'owner-confirmed';

test('the description is there, and is long enough to be all of it', () => {
  assert.ok(operations.length >= 20, `${operations.length}`);
  for (const { caller, name } of operations) assert.match(caller, /^(anyone|owner-browser|owner-confirmed|key:(read|control|manage)|device)$/, name);
});

test('nobody gets nowhere', async () => {
  for (const operation of operations) {
    const answer = await call(nobody, operation);
    if (operation.caller === 'anyone') assert.notEqual(answer.status, 401, operation.name);
    else isProblem(answer, 401, operation.caller === 'device' ? 'session-expired' : 'unauthenticated');
  }
});

test("what is another owner's does not exist", async () => {
  let seen = 0;
  for (const operation of operations.filter(({ path }) => path.startsWith('/api/v1/devices/'))) {
    isProblem(await call(ada, operation, { id: bobs.id }), 404, 'not-found');
    seen++;
  }
  assert.ok(seen >= 6);
  is(await bob.get(`/api/v1/devices/${bobs.id}`), 200);
});

test('ids that are none do not exist either', async () => {
  const withId = operations.filter(({ path }) => path.includes('{id}'));
  for (const operation of withId) {
    for (const id of ['x', 'dev_', 'dev_AAAAAAAAAAAA', `${device.id}x`, '-1', "'--", 'a'.repeat(1500)])
      isProblem(await call(ada, operation, { id }), 404, 'not-found');
    for (const id of ['', '.', '..', '%00', '%2e%2e']) isProblem(await call(ada, { ...operation, path: `${operation.path}/x` }, { id }), 400, 'malformed-request');
  }
});

test('keys of too small a scope are refused', async () => {
  const rank = { 'key:read': 0, 'key:control': 1, 'key:manage': 2, 'owner-browser': 3, 'owner-confirmed': 3 };
  for (const operation of operations.filter(ofOwner)) {
    for (const [has, key] of [readKey, controlKey].entries()) {
      if (rank[operation.caller] <= has) continue;
      isProblem(await call(key, operation), 403, 'forbidden');
    }
  }
});

test('browsers without their CSRF token are refused', async () => {
  const forged = ada.but({ 'X-CSRF-Token': undefined });
  for (const operation of operations.filter(ofOwner)) {
    if (operation.method !== 'GET') isProblem(await call(forged, operation), 403, 'csrf-refused');
  }
  is(await ada.get(`/api/v1/devices/${device.id}`), 200); // it was not deleted
});

test("a device's session opens no door of an owner, and the other way round", async () => {
  for (const operation of operations) {
    if (ofOwner(operation)) isProblem(await call(device, operation), 401, 'unauthenticated');
    if (operation.caller === 'device') isProblem(await call(ada, operation), 401, 'session-expired');
  }
});

const callerOf = (operation) => (operation.caller === 'device' ? device : ada);

test('other media types are refused', async () => {
  for (const operation of operations.filter(({ takes }) => takes.length > 0)) {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx', 'text/json'])
      isProblem(await call(callerOf(operation), operation, { headers: { 'Content-Type': type } }), 415, 'unsupported-media-type');
    for (const type of operation.takes) {
      const { status } = await call(callerOf(operation), operation, { headers: { 'Content-Type': `${type}; charset=utf-8` }, body: '[]' });
      assert.equal(status, 400, `${operation.name} ${type}`);
    }
  }
});

test('what is not one JSON object is refused', async () => {
  const deep = '{"a":'.repeat(500) + '1' + '}'.repeat(500);
  const bodies = ['', ' ', '{', '{}}', '{} {}', '[]', 'null', '1', '"a"', '{a:1}', "{'a':1}", '{"a":1,}', '{"a" 1}', '{"a":tru}', '{"a":01}', '{"a":"\u0001"}', '{"a":"\\x"}', '{"a":"\\ud800"}', '\ufeff{}', deep, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])];
  for (const operation of operations.filter(({ takes }) => takes.length > 0)) {
    for (const body of bodies) {
      const answer = await call(callerOf(operation), operation, { body });
      assert.equal(answer.status, 400, `${operation.name} ${JSON.stringify(body.toString()).slice(0, 60)}: ${answer.status} ${answer.text}`);
      isProblem(answer, 400, 'malformed-request');
    }
  }
});

test('a member that comes twice is refused, whatever it says', async () => {
  const now = Date.now();
  const cases = [
    [nobody, 'POST', '/api/v1/login', '{"email":"ada@example.org","email":"ada@example.org","password":"x"}'],
    [ada, 'POST', '/api/v1/api-keys', '{"name":"a","scope":"read","scope":"manage"}'],
    [ada, 'POST', '/api/v1/devices', '{"name":"a","name":"b","board":"linux"}'],
    [ada, 'PATCH', `/api/v1/devices/${device.id}`, '{"name":"a","n\\u0061me":"b"}'],
    [ada, 'PATCH', `/api/v1/devices/${device.id}/desired`, '{"switches":{"a":true},"switches":{}}'],
    [device, 'POST', '/device/v1/readings', `{"batch":"a","batch":"b","readings":[{"metric":"v","time_ms":${now},"value":1}]}`],
    [device, 'POST', '/device/v1/readings', `{"batch":"a","readings":[{"metric":"v","time_ms":${now},"value":1,"value":2}]}`],
    [device, 'POST', '/device/v1/reported', '{"version":1,"version":2,"state":{}}'],
    [nobody, 'POST', '/device/v1/session', `{"mac":"${device.mac}","mac":"${device.mac}","client_first":"n,,n=a,r=abcdefghijklmnop"}`],
  ];
  for (const [caller, method, path, body] of cases) {
    const answer = await caller.send(method, path, { body });
    assert.ok(answer.status === 400 || answer.status === 422, `${path}: ${answer.status} ${answer.text}`);
  }
  const seen = await ada.device(device.id);
  assert.deepEqual([seen.name, seen.desired, seen.latest], ['Greenhouse', {}, {}]);
});

test('members that nobody knows are left alone', async () => {
  const extra = { more: { of: ['what', null, 1e300] } };
  is(await ada.patch(`/api/v1/devices/${device.id}`, { name: 'Greenhouse', ...extra }), 200);
  is(await device.post('/device/v1/readings', { batch: 'extra', ...extra, readings: [{ metric: 'extra', time_ms: Date.now(), value: 1, ...extra }] }), 204);
});

test('64 KiB are a body, one more byte is not', async () => {
  const body = (size) => `{"name":"Greenhouse","x":"${'x'.repeat(size - 29)}"}`.padEnd(size);
  const path = `/api/v1/devices/${device.id}`;
  assert.equal(Buffer.byteLength(body(65536)), 65536);
  is(await ada.patch(path, body(65536)), 200);
  const raw = await RawConnection.open(server);
  raw.write(raw.request('PATCH', path, ada.headers, body(65537)));
  const answer = await raw.answer();
  assert.equal(answer.status, 413);
  assert.equal(JSON.parse(answer.text).type, '/problems/payload-too-large');
  raw.end();
  // A length of gigabytes is refused by its head alone.
  const large = await RawConnection.open(server);
  large.write(large.request('PATCH', path, { ...ada.headers, 'Content-Type': 'application/json', 'Content-Length': 9_000_000_000 }));
  assert.equal((await large.answer()).status, 413);
  await large.closed();
});

test('methods that a path has not get 405 and the names of those it has; unknown paths get 404', async () => {
  const methods = {};
  for (const { method, path } of operations) (methods[path] ??= []).push(method);
  for (const [path, there] of Object.entries(methods)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (there.includes(method)) continue;
      const answer = await ada.send(method, path.replace('{id}', device.id));
      assert.equal(answer.status, 405, `${method} ${path}`);
      isProblem(answer, 405, 'method-not-allowed');
      const allowed = (answer.headers.allow ?? '').split(', ').filter((name) => name !== 'HEAD');
      assert.deepEqual(allowed.sort(), [...there].sort(), `${method} ${path}`);
    }
  }
  for (const path of ['/api/v1/nothing', '/api/v2/devices', '/api/', '/device/v1/', '/device/v1/register/', '/nothing', '/healthz/', '/API/v1/me', '/api/v1/devices/', `/api/v1/devices/${device.id}/nothing`, '/.git/config', '/../../etc/passwd', '/%2e%2e/etc/passwd', '//healthz', '/api//v1/me'])
    for (const method of ['GET', 'POST']) {
      const answer = await ada.send(method, path);
      assert.ok(answer.status === 404 || answer.status === 405 || answer.status === 400, `${method} ${path}: ${answer.status}`);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
    }
});

test('HEAD is GET without its body', async () => {
  const raw = await RawConnection.open(server);
  for (const path of ['/healthz', '/', '/api/v1/healthz']) {
    raw.write(raw.request('HEAD', path));
    const head = await new Promise((done) => raw.socket.once('data', (bytes) => done(bytes.toString('latin1'))));
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/, path);
    assert.match(head, /content-length: [1-9]/i, path);
    assert.ok(head.endsWith('\r\n\r\n'), path);
    raw.end();
    Object.assign(raw, await RawConnection.open(server));
  }
  raw.end();
});

// One of every kind of answer: files, API, errors of edge and core, streams, the empty ones.
function everyKind() {
  const file = '/';
  return {
    'the dashboard': () => nobody.get(file),
    'a file that has not changed': async () => nobody.get(file, { headers: { 'If-None-Match': (await nobody.get(file)).headers.etag } }),
    'the description': () => nobody.get('/openapi.json'),
    health: () => nobody.get('/healthz'),
    'JSON of the core': () => ada.get('/api/v1/me'),
    CSV: () => ada.get(`/api/v1/devices/${device.id}/readings?metric=extra`, { headers: { Accept: 'text/csv' } }),
    'nothing, done': () => device.measure('extra', 2),
    'not signed in': () => nobody.get('/api/v1/me'),
    forbidden: () => readKey.post('/api/v1/devices', {}),
    'not found by the core': () => ada.get('/api/v1/nothing'),
    'not found by the edge': () => nobody.get('/nothing'),
    'method of the core': () => ada.send('PUT', '/api/v1/me'),
    'method of the edge': () => nobody.send('PUT', '/'),
    'unknown method': () => nobody.send('PROPFIND', '/'),
    malformed: () => ada.post('/api/v1/devices', '{'),
    'invalid value': () => ada.post('/api/v1/devices', {}),
    'too long a target': () => nobody.get(`/${'x'.repeat(4000)}`),
    'too long a head': () => nobody.get('/healthz', { headers: { 'X-Long': 'x'.repeat(10_000) } }),
  };
}

test('the headers of every answer', async () => {
  const always = {
    'strict-transport-security': /^max-age=\d{8,}/,
    'x-content-type-options': /^nosniff$/,
    'x-frame-options': /^DENY$/,
    'referrer-policy': /^same-origin$/,
    'cross-origin-opener-policy': /^same-origin$/,
    'cross-origin-resource-policy': /^same-origin$/,
    'permissions-policy': /camera=\(\)/,
    'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
    date: /GMT$/,
  };
  for (const [kind, ask] of Object.entries(everyKind())) {
    const { status, headers, json } = await ask();
    for (const [name, expected] of Object.entries(always)) assert.match(headers[name] ?? '', expected, `${kind} (${status}): ${name}`);
    assert.equal(headers.server, undefined, kind);
    assert.equal(headers['x-powered-by'], undefined, kind);
    assert.equal(headers['access-control-allow-origin'], undefined, kind);
    assert.ok(!/unsafe-|\*/.test(headers['content-security-policy']), kind);
    if (status < 400) continue;
    assert.equal(headers['content-type'], 'application/problem+json', kind);
    assert.equal(headers['cache-control'], 'no-store', kind);
    assert.deepEqual(Object.keys(json).slice(0, 4), ['type', 'title', 'status', 'detail'], kind);
    assert.equal(json.status, status, kind);
    assert.match(json.type, /^\/problems\/[a-z-]+$/, kind);
    assert.ok(json.title.length > 3 && json.detail.length > 10, kind);
  }
});

test('what the API says is stored nowhere on the way', async () => {
  for (const path of ['/api/v1/me', '/api/v1/devices', `/api/v1/devices/${device.id}`, `/api/v1/devices/${device.id}/readings?metric=v`, '/api/v1/api-keys', '/healthz'])
    assert.equal((await ada.get(path)).headers['cache-control'], 'no-store', path);
});

test('files have tags, and are sent small to whoever can read that', async () => {
  for (const path of ['/', '/openapi.json']) {
    const plain = await nobody.get(path, { headers: { 'Accept-Encoding': 'identity' } });
    assert.equal(plain.status, 200);
    assert.equal(plain.headers['content-encoding'], undefined);
    const unchanged = await nobody.get(path, { headers: { 'If-None-Match': `"other", ${plain.headers.etag}` } });
    assert.deepEqual([unchanged.status, unchanged.text], [304, '']);
    for (const [coding, decode] of Object.entries({ br: brotliDecompressSync, gzip: gunzipSync })) {
      const { headers, bytes } = await nobody.get(path, { headers: { 'Accept-Encoding': coding } });
      assert.equal(headers['content-encoding'], coding);
      assert.match(headers.vary, /Accept-Encoding/);
      assert.equal(decode(bytes).toString(), plain.text);
      assert.ok(bytes.length < plain.bytes.length);
    }
  }
});
