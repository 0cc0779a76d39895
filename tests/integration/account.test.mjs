// Signing in and out, forged requests, API keys and what they may reach.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { PASSWORD, SLOWER, Server, run } from './lib/server.mjs';

const ADA = { email: 'ada@example.org', password: PASSWORD };
let server, nobody;

before(async () => {
  server = await Server.start();
  await server.addUser(ADA.email);
  nobody = new Client(server);
});
after(() => server.stop());

test('signing in gives a cookie that only this server gets and no script can read', async () => {
  const answer = await nobody.post('/api/v1/login', ADA);
  is(answer, 200);
  assert.equal(answer.json.email, ADA.email);
  assert.equal(typeof answer.json.csrf, 'string');
  const [cookie, ...attributes] = answer.headers['set-cookie'][0].split('; ');
  assert.match(cookie, /^__Host-session=[\w-]{43,}$/);
  assert.deepEqual(attributes.sort(), ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
  assert.equal(answer.headers['set-cookie'].length, 2); // the other one: sessions.test.mjs
});

test('the address is the same in any case, the password is not', async () => {
  is(await nobody.post('/api/v1/login', { ...ADA, email: 'Ada@EXAMPLE.org' }), 200);
  isProblem(await nobody.post('/api/v1/login', { ...ADA, password: PASSWORD.toUpperCase() }), 401, 'credentials-refused');
});

test('what cannot be an address or a password is answered like any wrong one', async () => {
  const odd = [
    { email: '', password: '' },
    { email: 'nonsense', password: PASSWORD },
    { email: `${'a'.repeat(300)}@example.org`, password: PASSWORD },
    { ...ADA, password: '' },
    { ...ADA, password: 'a'.repeat(257) },
    { email: 'ada@example.org\0', password: PASSWORD },
  ];
  for (const body of odd) isProblem(await nobody.post('/api/v1/login', body), 401, 'credentials-refused');
});

test('a wrong password and an unknown address get the same answer after about the same time', async () => {
  const time = async (body) => {
    const start = process.hrtime.bigint();
    const answer = await nobody.post('/api/v1/login', body);
    return { answer, ms: Number(process.hrtime.bigint() - start) / 1e6 };
  };
  const wrong = await time({ ...ADA, password: 'not the right one' });
  const unknown = await time({ email: 'nobody@example.org', password: 'not the right one' });
  const odd = await time({ email: 'no address at all', password: 'x'.repeat(2000) });
  isProblem(wrong.answer, 401, 'credentials-refused');
  assert.equal(unknown.answer.text, wrong.answer.text);
  assert.equal(odd.answer.text, wrong.answer.text);
  const names = ({ answer }) => Object.keys(answer.headers).sort();
  assert.deepEqual(names(unknown), names(wrong));
  // Every one of them hashed: an answer without a hash takes a millisecond.
  for (const { ms } of [wrong, unknown, odd]) assert.ok(ms > 20, `${ms} ms`);
});

test('who am I', async () => {
  const ada = await Client.login(server, ADA);
  const before = Date.now();
  const me = is(await ada.get('/api/v1/me'), 200);
  assert.equal(me.email, ADA.email);
  assert.equal(me.admin, false);
  assert.equal(me.csrf, ada.headers['X-CSRF-Token']);
  assert.match(me.server_version, /^\d+\.\d+\.\d+$/);
  assert.ok(me.server_time_ms >= before && me.server_time_ms <= Date.now());
  assert.deepEqual(me.presence, { late_after: 1.5, offline_after: 3 });
  await server.addUser('root@example.org', { admin: true });
  const root = await Client.login(server, { email: 'root@example.org' });
  assert.equal((await root.get('/api/v1/me')).json.admin, true);
});

test('unsafe requests of a browser need its CSRF token, from this origin', async () => {
  const ada = await Client.login(server, ADA);
  const body = { name: 'Greenhouse', board: 'linux' };
  const own = { Origin: `https://127.0.0.1:${server.port}`, 'Sec-Fetch-Site': 'same-origin' };
  const refused = {
    'no token': { 'X-CSRF-Token': undefined },
    'an empty token': { 'X-CSRF-Token': '' },
    'a wrong token': { 'X-CSRF-Token': 'A'.repeat(ada.headers['X-CSRF-Token'].length) },
    'a foreign origin': { Origin: 'https://evil.example' },
    'another port': { Origin: 'https://127.0.0.1:1' },
    'plain HTTP': { Origin: own.Origin.replace('https', 'http') },
    'the null origin': { Origin: 'null' },
    'a cross-site fetch': { 'Sec-Fetch-Site': 'cross-site' },
    'a same-site fetch': { 'Sec-Fetch-Site': 'same-site' },
  };
  for (const [what, headers] of Object.entries(refused)) {
    const answer = await ada.but(headers).post('/api/v1/devices', body);
    assert.equal(answer.status, 403, what);
    isProblem(answer, 403, 'csrf-refused');
  }
  // Reading changes nothing, and is nothing to be read out to another site either.
  for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }])
    for (const path of ['/api/v1/devices', '/api/v1/events']) isProblem(await ada.but(headers).get(path), 403, 'csrf-refused');
  for (const headers of [own, { 'Sec-Fetch-Site': 'none' }]) is(await ada.but(headers).get('/api/v1/devices'), 200);
  is(await ada.post('/api/v1/devices', body, { headers: own }), 201);
  is(await ada.post('/api/v1/devices', body), 201);
  is(await ada.but({ 'X-CSRF-Token': undefined }).get('/api/v1/devices'), 200); // reading is safe
  assert.equal((await ada.get('/api/v1/devices')).json.devices.length, 2);
});

test("another session's CSRF token does not do", async () => {
  const [one, two] = [await Client.login(server, ADA), await Client.login(server, ADA)];
  assert.notEqual(one.headers['X-CSRF-Token'], two.headers['X-CSRF-Token']);
  const mixed = one.but({ 'X-CSRF-Token': two.headers['X-CSRF-Token'] });
  isProblem(await mixed.post('/api/v1/logout'), 403, 'csrf-refused');
  is(await one.get('/api/v1/me'), 200);
});

test('a sign-in from another site is refused before the password is looked at', async () => {
  for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }]) {
    for (const path of ['/device/v1/register', '/device/v1/session']) isProblem(await nobody.post(path, {}, { headers }), 403, 'csrf-refused');
    const answer = await nobody.post('/api/v1/login', ADA, { headers });
    isProblem(answer, 403, 'csrf-refused');
    assert.equal(answer.headers['set-cookie'], undefined);
  }
});

test('signing out ends this session, and no other', async () => {
  const [one, two] = [await Client.login(server, ADA), await Client.login(server, ADA)];
  const before = one.but({});
  const answer = await one.post('/api/v1/logout');
  is(answer, 204);
  assert.equal(answer.headers['clear-site-data'], '"cache", "storage"');
  assert.match(answer.headers['set-cookie'][0], /^__Host-session=; .*Max-Age=0/);
  for (const caller of [one, before]) isProblem(await caller.get('/api/v1/me'), 401, 'unauthenticated');
  isProblem(await before.post('/api/v1/logout'), 401, 'unauthenticated');
  is(await two.get('/api/v1/me'), 200);
});

test('made-up cookies and keys are nobody', async () => {
  const cookie = (value) => ({ Cookie: `__Host-session=${value}` });
  const callers = [cookie(''), cookie('x'), cookie('A'.repeat(43)), cookie('oc_web_' + 'A'.repeat(43)), { Cookie: 'session=1; a' }];
  const bearers = ['', 'oc_api_', `oc_api_${'A'.repeat(43)}`, `oc_sess_${'A'.repeat(43)}`, 'A'.repeat(3000)];
  for (const bearer of bearers) callers.push({ Authorization: `Bearer ${bearer}` }, { Authorization: bearer || 'Bearer' });
  callers.push({ Authorization: 'Basic YTpi' });
  for (const headers of callers) {
    const answer = await nobody.but(headers).get('/api/v1/me');
    isProblem(answer, 401, 'unauthenticated');
    assert.match(answer.headers['www-authenticate'], /^Bearer/);
  }
});

test('an API key is shown once, does what its scope says, and dies when it is deleted', async () => {
  const ada = await Client.login(server, ADA);
  const made = is(await ada.post('/api/v1/api-keys', { name: 'nightly export', scope: 'read' }), 201);
  assert.match(made.key, /^oc_api_[\w-]{43}$/);
  assert.equal(made.name, 'nightly export');
  const list = async () => (await ada.get('/api/v1/api-keys')).json.api_keys;
  const [listed] = await list();
  assert.deepEqual(Object.keys(listed).sort(), ['created_at', 'expires_at', 'id', 'last_used_at', 'name', 'scope']);
  assert.equal(listed.last_used_at, null);
  assert.equal(listed.expires_at, null);
  const key = new Client(server, { Authorization: `Bearer ${made.key}` });
  const me = is(await key.get('/api/v1/me'), 200);
  assert.equal(me.csrf, undefined);
  assert.match((await list())[0].last_used_at, /^\d{4}-\d\d-\d\dT/);
  is(await ada.delete(`/api/v1/api-keys/${made.id}`), 204);
  isProblem(await key.get('/api/v1/me'), 401, 'unauthenticated');
  isProblem(await ada.delete(`/api/v1/api-keys/${made.id}`), 404, 'not-found');
  assert.deepEqual(await list(), []);
});

test('a key reaches no account setting, whatever its scope', async () => {
  const ada = await Client.login(server, ADA);
  for (const scope of ['read', 'control', 'manage']) {
    const key = await ada.withKey(scope);
    isProblem(await key.get('/api/v1/api-keys'), 403, 'forbidden');
    isProblem(await key.post('/api/v1/api-keys', { name: 'more', scope: 'manage' }), 403, 'forbidden');
    isProblem(await key.delete('/api/v1/api-keys/1'), 403, 'forbidden');
    isProblem(await key.post('/api/v1/logout'), 403, 'forbidden');
  }
});

test('a scope includes the smaller ones and nothing above', async () => {
  const ada = await Client.login(server, ADA);
  const { id } = await ada.addDevice();
  const calls = {
    read: (key) => key.get(`/api/v1/devices/${id}`),
    control: (key) => key.patch(`/api/v1/devices/${id}/desired`, { switches: { relay1: true } }),
    manage: (key) => key.patch(`/api/v1/devices/${id}`, { name: 'South' }),
  };
  const scopes = Object.keys(calls);
  for (const [rank, scope] of scopes.entries()) {
    const key = await ada.withKey(scope);
    for (const [needed, name] of scopes.entries()) {
      const answer = await calls[name](key);
      if (needed <= rank) is(answer, 200);
      else isProblem(answer, 403, 'forbidden');
    }
  }
});

test('wrong names and scopes of keys are named', async () => {
  const ada = await Client.login(server, ADA);
  const field = async (body) => isProblem(await ada.post('/api/v1/api-keys', body), 422, 'invalid-value').field;
  assert.equal(await field({ name: '', scope: 'read' }), 'name');
  assert.equal(await field({ name: 'x'.repeat(65), scope: 'read' }), 'name');
  assert.equal(await field({ scope: 'read' }), 'name');
  assert.equal(await field({ name: 7, scope: 'read' }), 'name');
  assert.equal(await field({ name: 'x', scope: 'admin' }), 'scope');
  assert.equal(await field({ name: 'x' }), 'scope');
});

test('the fifty-first key is refused', async () => {
  const eve = await Client.login(server, await server.addUser('eve@example.org'));
  const add = () => eve.post('/api/v1/api-keys', { name: 'one of many', scope: 'read' });
  for (let i = 0; i < 50; i++) is(await add(), 201);
  isProblem(await add(), 409, 'conflict');
});

test("keys of another account do not exist", async () => {
  const ada = await Client.login(server, ADA);
  const zoe = await Client.login(server, await server.addUser('zoe@example.org'));
  const { id, key } = is(await zoe.post('/api/v1/api-keys', { name: 'mine', scope: 'read' }), 201);
  isProblem(await ada.delete(`/api/v1/api-keys/${id}`), 404, 'not-found');
  is(await new Client(server, { Authorization: `Bearer ${key}` }).get('/api/v1/me'), 200);
});

test('many sign-ins at once are all answered, or told to come back', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () => nobody.post('/api/v1/login', ADA)));
  for (const answer of answers) {
    if (answer.status === 200) continue;
    isProblem(answer, 503, 'busy');
    assert.match(answer.headers['retry-after'], /^[15]$/); // the queue is full, or the core too slow for the edge's patience
  }
  // Strangers fill half of the queue: 16.
  assert.ok(answers.filter(({ status }) => status === 200).length >= (SLOWER === 1 ? 16 : 10));
});

test('user add says what is wrong', async () => {
  const add = (email, password) => run(['user', 'add', '--data', server.data, '--email', email], { input: `${password}\n` });
  const cases = [
    [await add(ADA.email, PASSWORD), 1, /there is an account/],
    [await add('short@example.org', 'too short'), 1, /too short.*12 characters or more/],
    [await add('no address', PASSWORD), 1, /not a mail address/],
    [await run(['user', 'add', '--data', server.data]), 2, /--email is missing/],
    [await run(['user', 'rename']), 2, /user add, list/],
  ];
  for (const [{ code, stderr }, expected, words] of cases) {
    assert.equal(code, expected, stderr);
    assert.match(stderr, words);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});
