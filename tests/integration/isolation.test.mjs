// Who gets what: every operation of api/openapi.yaml and of the core's table of routes, asked by nobody, by another owner, with an API key that may only
// read, and with a session whose time is over. The table is the test: an operation that is missing from it fails, and so
// does a row whose operation is gone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { sql } from './lib/database.mjs';
import { Device } from './lib/device.mjs';
import { EventStream } from './lib/events.mjs';
import { is } from './lib/expect.mjs';
import { Server } from './lib/server.mjs';

const PASSKEY = 77; // number of hers
const SECRET = 'only ada knows this';
const device = { mac: '02:00:00:00:00:01' };
const readings = { batch: 'b', readings: [{ metric: 'v', time_ms: 1, value: 1 }] };

// What is asked for lies with ada. [nobody, another owner, her key that may only read, her session that is over], body.
// prettier-ignore
const table = {
  // The device protocol: a session of a device, or what an enrolled one knows.
  'POST /device/v1/readings':                          [401, 401, 401, 401, readings],
  'GET /device/v1/desired':                            [401, 401, 401, 401],
  'POST /device/v1/reported':                          [401, 401, 401, 401, { version: 1, state: {} }],
  'POST /device/v1/session':                           [400, 400, 400, 400, device],
  'POST /device/v1/register':                          [401, 401, 401, 401, { ...device, registration_token: `oc_reg_${'A'.repeat(43)}`, chip: 'x', firmware_version: '1' }],
  // Signing in: anybody may try.
  'POST /api/v1/login':                                [401, 401, 401, 401, { email: 'nobody@example.org', password: 'a guess' }],
  'GET /api/v1/registration-form':                     [200, 200, 200, 200],
  'POST /api/v1/registration':                         [422, 422, 422, 422, { email: 'x' }],
  'POST /api/v1/confirmation':                         [410, 410, 410, 410, { token: 'x' }],
  'POST /api/v1/confirmation/resend':                  [422, 422, 422, 422, { email: 'x' }],
  'POST /api/v1/password-reset':                       [422, 422, 422, 422, { email: 'x' }],
  'POST /api/v1/password-reset/finish':                [410, 410, 410, 410, { token: 'x', password: 'a password that is long enough' }],
  'GET /api/v1/login/passkey':                         [200, 200, 200, 200],
  'POST /api/v1/login/passkey':                        [401, 401, 401, 401, { credential: { id: 'x' } }],
  // A browser's own: of another owner it is the other owner's.
  'POST /api/v1/logout':                               [401, 204, 403, 401],
  'POST /api/v1/session/confirmation':                 [401, 401, 403, 401, { password: 'a guess' }],
  'GET /api/v1/sessions':                              [401, 200, 403, 401],
  'DELETE /api/v1/sessions':                           [401, 204, 403, 401],
  'DELETE /api/v1/sessions/{id}':                      [401, 404, 403, 401],
  'GET /api/v1/audit':                                 [401, 200, 403, 401],
  'POST /api/v1/account/password':                     [401, 422, 403, 401, { password: 'x' }],
  'POST /api/v1/account/email':                        [401, 422, 403, 401, { email: 'x' }],
  'DELETE /api/v1/account':                            [401, 422, 403, 401, { email: 'ada.of.isolation@example.org' }],
  'GET /api/v1/account/export':                        [401, 200, 403, 401],
  'GET /api/v1/account/export/readings':               [401, 200, 403, 401],
  'GET /api/v1/me':                                    [401, 200, 200, 401],
  'GET /api/v1/api-keys':                              [401, 200, 403, 401],
  'POST /api/v1/api-keys':                             [401, 201, 403, 401, { name: 'mine', scope: 'read' }],
  'DELETE /api/v1/api-keys/{id}':                      [401, 404, 403, 401],
  'GET /api/v1/factors':                               [401, 200, 403, 401],
  'POST /api/v1/factors/totp':                         [401, 200, 403, 401],
  'POST /api/v1/factors/totp/confirmation':            [401, 422, 403, 401, { code: '000000' }],
  'DELETE /api/v1/factors/totp':                       [401, 404, 403, 401],
  'POST /api/v1/factors/recovery-codes':               [401, 409, 403, 401],
  'POST /api/v1/factors/passkeys/options':             [401, 200, 403, 401],
  'POST /api/v1/factors/passkeys':                     [401, 422, 403, 401, { name: 'mine', credential: { id: 'x' } }],
  'PATCH /api/v1/factors/passkeys/{id}':               [401, 404, 403, 401, { name: 'mine now' }],
  'DELETE /api/v1/factors/passkeys/{id}':              [401, 404, 403, 401],
  // Devices: those of somebody else do not exist.
  'GET /api/v1/devices':                               [401, 200, 200, 401],
  'POST /api/v1/devices':                              [401, 201, 403, 401, { name: 'mine', board: 'linux' }],
  'GET /api/v1/devices/{id}':                          [401, 404, 200, 401],
  'PATCH /api/v1/devices/{id}':                        [401, 404, 403, 401, { name: 'mine now' }],
  'DELETE /api/v1/devices/{id}':                       [401, 404, 403, 401],
  'POST /api/v1/devices/{id}/registration-token':      [401, 404, 403, 401],
  'PATCH /api/v1/devices/{id}/desired':                [401, 404, 403, 401, { switches: { relay1: true } }],
  'GET /api/v1/devices/{id}/readings':                 [401, 404, 200, 401],
  'GET /api/v1/events':                                [401, 200, 200, 401],
  // Open to all, and the same for all.
  'GET /api/v1/healthz':                               [200, 200, 200, 200],
  'GET /healthz':                                      [200, 200, 200, 200],
  'GET /api/v1/openapi.json':                          [200, 200, 200, 200],
  'GET /.well-known/acme-challenge/{id}':              [404, 404, 404, 404],
};

let server, ada, bob, account, owned, session, key, callers;

before(async () => {
  server = await Server.start({ settings: { url: 'https://localhost' } }); // passkeys need a name
  account = await server.addUser('ada.of.isolation@example.org');
  bob = await server.addUser('bob@example.org');
  ada = await Client.login(server, account);
  owned = await Device.enrol(ada, SECRET);
  is(await owned.measure('v', 42.125), 204);
  key = is(await ada.post('/api/v1/api-keys', { name: SECRET, scope: 'read' }), 201);
  const over = await Client.login(server, account);
  const sessions = is(await over.get('/api/v1/sessions'), 200).sessions;
  session = sessions.find(({ current }) => !current).id;
  sql(server, `UPDATE browser_session SET last_used_at_ms = last_used_at_ms - 86400000 WHERE id = ${sessions.find(({ current }) => current).id}`);
  sql(server, `INSERT INTO passkey (id, account_id, name, credential_id, algorithm, public_key, sign_count, created_at_ms)
    SELECT ${PASSKEY}, id, '${SECRET}', x'00', -7, x'00', 0, 1 FROM account WHERE email = '${account.email}'`);
  callers = [
    ['nobody', () => new Client(server)],
    ['another owner', () => Client.login(server, bob)], // a session each: some end it
    ['a key that may only read', () => new Client(server, { Authorization: `Bearer ${key.key}` })],
    ['a session that is over', () => over.but({})],
  ];
});
after(() => server.stop());

// As tools/check_routes.py reads it: paths at two spaces, methods at four, callers at six.
function described() {
  const found = [];
  let path, method;
  for (const line of readFileSync(new URL('../../api/openapi.yaml', import.meta.url), 'utf8').split('\n')) {
    path = /^ {2}(\/\S*):$/.exec(line)?.[1] ?? (/^\S/.test(line) ? undefined : path);
    method = /^ {4}(get|put|post|patch|delete):$/.exec(line)?.[1] ?? method;
    if (path && /^ {6}x-caller: /.test(line)) found.push(`${method.toUpperCase()} ${path}`);
  }
  return found;
}

function routed() {
  const text = readFileSync(new URL('../../server/api/routes.h', import.meta.url), 'utf8');
  return [...text.matchAll(/ROUTE\((\w+),\s*"([^"]+)"/g)].map(([, method, path]) => `${method} ${path}`);
}

function pathOf(operation) {
  const path = operation.split(' ')[1];
  const id = /sessions/.test(path) ? session : /api-keys/.test(path) ? key.id : /passkeys/.test(path) ? PASSKEY : /acme/.test(path) ? 'x' : owned.id;
  return path.replace('{id}', id) + (path.endsWith('/readings') && operation.startsWith('GET') ? '?metric=v' : '');
}

async function ask(caller, operation, body) {
  const headers = { Host: 'localhost' }; // as the setting url has it
  if (operation !== 'GET /api/v1/events') return caller.send(operation.split(' ')[0], pathOf(operation), { body, headers });
  try {
    const stream = await EventStream.open(caller);
    stream.close();
    return { status: 200, text: '' };
  } catch ({ status }) {
    return { status, text: '' };
  }
}

test('every operation stands in the table, and nothing else does', () => {
  const all = [...new Set([...described(), ...routed()])];
  assert.ok(all.length > 30);
  assert.deepEqual(all.sort(), Object.keys(table).sort());
});

for (const [operation, row] of Object.entries(table)) {
  test(operation, async () => {
    const body = row[4];
    const got = [];
    for (const [who, make] of callers) {
      const caller = await make();
      const { status, text } = await ask(caller, operation, body);
      got.push(status);
      if (who !== 'a key that may only read')
        for (const word of [SECRET, account.email, owned.id, '42.125']) assert.ok(!text.includes(word), `${who}: ${word}`);
      caller.close();
    }
    assert.deepEqual(got, row.slice(0, 4));
  });
}

test('after all of it, what is hers is as it was', async () => {
  const seen = is(await ada.get(`/api/v1/devices/${owned.id}`), 200);
  assert.deepEqual([seen.name, seen.desired], [SECRET, {}]);
  assert.equal(is(await ada.get('/api/v1/api-keys'), 200).api_keys.length, 1);
  assert.deepEqual(is(await ada.get('/api/v1/factors'), 200).passkeys.map(({ id, name }) => [id, name]), [[PASSKEY, SECRET]]);
  assert.equal(is(await ada.get('/api/v1/devices'), 200).devices.length, 1);
  is(await owned.measure('v', 1), 204);
});
