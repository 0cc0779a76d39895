// A device's life: added, registered once, sessions that prove who it is, deleted.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device, keysOf, randomMac } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { Server, sleep } from './lib/server.mjs';

let server, ada;

before(async () => {
  server = await Server.start();
  ada = await Client.login(server, await server.addUser('ada@example.org'));
});
after(() => server.stop());

// A device that waits for its registration, with its token.
async function pending(owner = ada) {
  const added = await owner.addDevice();
  return { device: new Device(server), token: added.registration_token, id: added.id };
}

test('the whole life, as its owner sees it', async () => {
  const { device, token, id } = await pending();
  assert.match(id, /^dev_[\w-]{12}$/);
  assert.match(token, /^oc_reg_[\w-]{43}$/);

  let seen = await ada.device(id);
  assert.equal(seen.state, 'pending');
  assert.equal(seen.mac, null);
  assert.equal(seen.registration.state, 'waiting');
  assert.deepEqual(seen.desired, {});
  assert.deepEqual(seen.latest, {});
  assert.ok(!JSON.stringify(seen).includes('oc_reg_'), 'the token is shown once');
  const left = Date.parse(seen.registration.expires_at) - Date.now();
  assert.ok(left > 23.9 * 3600e3 && left <= 24 * 3600e3, `${left} ms`);

  const registered = is(await device.register(token), 201);
  assert.equal(registered.device_id, id);
  assert.match(registered.device_key, /^oc_key_[\w-]{43}$/);
  assert.equal(Buffer.from(registered.salt, 'base64').length, 16);
  assert.equal(registered.iterations, 4096);
  assert.equal(registered.interval_s, 10);
  assert.ok(Math.abs(registered.server_time_ms - Date.now()) < 1000);
  seen = await ada.device(id);
  assert.equal(seen.mac, device.mac);
  assert.equal(seen.chip, 'linux-x86_64');
  assert.equal(seen.firmware_version, '0.1.0');
  assert.equal(seen.registration.state, 'used');
  assert.equal(seen.timeline.registered_at, seen.registered_at);
  assert.equal(seen.timeline.session_at, null);

  const session = await device.openSession();
  assert.match(session.session, /^oc_sess_[\w-]{43}$/);
  assert.deepEqual([session.expires_in_s, session.renew_in_s, session.interval_s], [3600, 2700, 10]);
  seen = await ada.device(id);
  assert.equal(seen.state, 'online');
  assert.notEqual(seen.timeline.session_at, null);
  assert.equal(seen.timeline.first_reading_at, null);

  is(await device.measure('temperature', 21.5), 204);
  seen = await ada.device(id);
  assert.notEqual(seen.timeline.first_reading_at, null);
  assert.equal(seen.latest.temperature.value, 21.5);

  is(await ada.patch(`/api/v1/devices/${id}`, { name: 'South greenhouse' }), 200);
  assert.equal((await ada.device(id)).name, 'South greenhouse');

  is(await ada.delete(`/api/v1/devices/${id}`), 204);
  isProblem(await ada.get(`/api/v1/devices/${id}`), 404, 'not-found');
  isProblem(await device.measure('temperature', 22), 401, 'session-expired');
  isProblem(await device.tryToOpenSession(), 401, 'credentials-refused');
});

test('names and boards have bounds', async () => {
  const add = (body) => ada.post('/api/v1/devices', body);
  const field = async (body) => isProblem(await add(body), 422, 'invalid-value').field;
  assert.equal(await field({ name: '', board: 'linux' }), 'name');
  assert.equal(await field({ name: 'x'.repeat(65), board: 'linux' }), 'name');
  assert.equal(await field({ board: 'linux' }), 'name');
  assert.equal(await field({ name: 'x', board: '' }), 'board');
  assert.equal(await field({ name: 'x', board: 'x'.repeat(33) }), 'board');
  assert.equal(await field({ name: 'x' }), 'board');
  const odd = '温室 „Süd“ <b> \\ " 🌿';
  const { id } = is(await add({ name: odd, board: 'linux' }), 201);
  assert.equal((await ada.device(id)).name, odd);
  is(await add({ name: '🌿'.repeat(64), board: 'linux' }), 201); // characters, not bytes
});

test('devices are listed in pages', async () => {
  const zoe = await Client.login(server, await server.addUser('zoe@example.org'));
  const ids = [];
  for (let i = 0; i < 7; i++) ids.push((await zoe.addDevice(`device ${i}`)).id);
  const seen = [];
  let after = '';
  do {
    const page = is(await zoe.get(`/api/v1/devices?limit=3${after && `&after=${after}`}`), 200);
    assert.ok(page.devices.length <= 3);
    seen.push(...page.devices.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(seen, ids);
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'after=dev_nosuchdevice', `after=${(await pending()).id}`])
    isProblem(await zoe.get(`/api/v1/devices?${query}`), 422, 'invalid-value');
});

// COUNT registrations with one token at once, on `connections` connections: exactly one wins.
async function race(count, connections) {
  const { token, id } = await pending();
  const devices = Array.from({ length: connections }, () => new Device(server));
  const statuses = { 201: 0, 401: 0 };
  let winner;
  await Promise.all(
    devices.map(async (device) => {
      for (let i = 0; i < count / connections; i++) {
        device.mac = randomMac(); // a stranger each time: the same MAC might retry
        const answer = await device.register(token);
        statuses[answer.status]++;
        if (answer.status === 201) winner = device.mac;
        else isProblem(answer, 401, 'registration-refused');
      }
    }),
  );
  assert.deepEqual(statuses, { 201: 1, 401: count - 1 });
  assert.equal((await ada.device(id)).mac, winner);
  for (const device of devices) device.close();
}

test('of 200 registrations at once with one token exactly one wins', () => race(200, 200));
test('of 10,000 registrations exactly one wins', { skip: !process.env.LONG && 'only with LONG' }, () => race(10_000, 100));

test('a lost answer: the same MAC gets a fresh key, until a session was opened', async () => {
  const { device, token } = await pending();
  is(await device.register(token), 201);
  const lost = device.keys;
  is(await device.register(token), 201);
  isProblem(await device.tryToOpenSession({ keys: lost }), 401, 'credentials-refused');
  const stranger = new Device(server);
  isProblem(await stranger.register(token), 401, 'registration-refused');
  await device.openSession();
  isProblem(await device.register(token), 401, 'registration-refused');
  is(await device.measure('temperature', 1), 204); // and nothing has happened to it
});

test('the owner is told why a token was refused, the stranger is not', async () => {
  const { device, token, id } = await pending();
  is(await device.register(token), 201);
  await device.openSession();
  const stranger = new Device(server);
  const used = await stranger.register(token);
  const unknown = await stranger.register(`oc_reg_${'A'.repeat(43)}`);
  isProblem(used, 401, 'registration-refused');
  assert.equal(used.text, unknown.text);
  const { registration } = await ada.device(id);
  assert.equal(registration.state, 'used');
  assert.equal(registration.last_refusal.reason, 'used');
  assert.equal(registration.last_refusal.mac, stranger.mac);
  assert.ok(Math.abs(Date.parse(registration.last_refusal.at) - Date.now()) < 5000);
  const attempts = registration.attempts;
  await stranger.register(token);
  assert.equal((await ada.device(id)).registration.attempts, attempts + 1);
});

test('malformed tokens and bodies', async () => {
  const { device } = await pending();
  for (const token of ['', 'x', 'oc_reg_', `oc_key_${'A'.repeat(43)}`, `oc_reg_${'A'.repeat(42)}`]) {
    const { status } = await device.register(token);
    assert.ok(status === 400 || status === 401, `${token}: ${status}`);
  }
  const good = device.registration(`oc_reg_${'A'.repeat(43)}`);
  const bad = [
    { ...good, mac: 'AA:BB:CC:DD:EE' },
    { ...good, mac: 'AABBCCDDEEFF' },
    { ...good, mac: 7 },
    { ...good, chip: '' },
    { ...good, chip: 'x'.repeat(33) },
    { ...good, firmware_version: 'x'.repeat(33) },
    {},
  ];
  for (const body of bad) isProblem(await device.post('/device/v1/register', body), 400, 'malformed-request');
});

test('a renewed token kills the old one', async () => {
  const { device, token, id } = await pending();
  const renew = async () => is(await ada.post(`/api/v1/devices/${id}/registration-token`), 201).registration_token;
  const fresh = await renew();
  isProblem(await device.register(token), 401, 'registration-refused');
  is(await device.register(fresh), 201);
});

test('a fresh token on a registered device replaces its identity when it is used, not before', async () => {
  const { device, token, id } = await pending();
  is(await device.register(token), 201);
  await device.openSession();
  is(await device.measure('temperature', 1), 204);
  const { registration_token: fresh } = is(await ada.post(`/api/v1/devices/${id}/registration-token`), 201);
  is(await device.measure('temperature', 2), 204);
  is(await device.tryToOpenSession(), 200);
  const board = new Device(server);
  is(await board.register(fresh), 201);
  assert.equal(board.id, id);
  isProblem(await device.measure('temperature', 3), 401, 'session-expired');
  isProblem(await device.tryToOpenSession(), 401, 'credentials-refused');
  is(await board.register(fresh), 201); // its answer may have been lost too
  await board.openSession();
  is(await board.measure('temperature', 4), 204);
  const seen = await ada.device(id);
  assert.equal(seen.mac, board.mac);
  assert.equal(seen.latest.temperature.value, 4);
});

test('what was desired before it registered reaches the device', async () => {
  const { device, token, id } = await pending();
  is(await ada.patch(`/api/v1/devices/${id}/desired`, { switches: { relay1: true }, interval_s: 7 }), 200);
  assert.equal(is(await device.register(token), 201).interval_s, 7);
  assert.equal((await device.openSession()).interval_s, 7);
  const { version, desired } = is(await device.desired({ after: 0, wait: 1 }), 200);
  assert.deepEqual({ version, desired }, { version: 1, desired: { switches: { relay1: true }, interval_s: 7 } });
});

test('wrong proof, unknown device and wrong MAC are one answer', async () => {
  const device = await Device.enrol(ada);
  const wrongKeys = { ...keysOf({ device_key: 'oc_key_wrong', salt: 'AAAAAAAAAAAAAAAAAAAAAA==', iterations: 4096 }) };
  const answers = [
    await device.tryToOpenSession({ keys: wrongKeys }),
    await device.tryToOpenSession({ id: 'dev_AAAAAAAAAAAA' }),
    await device.tryToOpenSession({ mac: randomMac() }),
  ];
  for (const answer of answers) {
    isProblem(answer, 401, 'credentials-refused');
    assert.equal(answer.text, answers[0].text);
  }
  is(await device.measure('temperature', 1), 204); // what it has goes on
});

test('the MAC of the second half counts too', async () => {
  const device = await Device.enrol(ada);
  const body = device.finalOf(await device.beginSession());
  isProblem(await device.post('/device/v1/session', { ...body, mac: randomMac() }), 401, 'credentials-refused');
});

test("an unknown device's first answer looks real, and is the same each time", async () => {
  const device = await Device.enrol(ada);
  const first = async (id) => {
    const { answer, bare, server_first: text } = await device.beginSession({ id });
    is(answer, 200);
    const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(text);
    assert.ok(nonce.startsWith(bare.split('r=')[1]));
    return { salt, iterations, lengths: [nonce.length, salt.length, answer.json.exchange.length], keys: Object.keys(answer.json) };
  };
  const real = await first(device.id);
  const unknown = await first('dev_AAAAAAAAAAAA');
  const again = await first('dev_AAAAAAAAAAAA');
  const other = await first('dev_BBBBBBBBBBBB');
  assert.equal(unknown.salt, again.salt);
  assert.notEqual(unknown.salt, other.salt);
  for (const member of ['iterations', 'lengths', 'keys']) assert.deepEqual(unknown[member], real[member]);
});

test('an exchange is used once', async () => {
  const device = await Device.enrol(ada);
  const body = device.finalOf(await device.beginSession());
  is(await device.post('/device/v1/session', body), 200);
  isProblem(await device.post('/device/v1/session', body), 401, 'credentials-refused');
  const wrong = device.finalOf(await device.beginSession());
  isProblem(await device.post('/device/v1/session', { ...wrong, client_final: wrong.client_final.replace(/p=.*/, `p=${'A'.repeat(43)}=`) }), 401, 'credentials-refused');
  isProblem(await device.post('/device/v1/session', wrong), 401, 'credentials-refused');
});

test('an exchange lives ten seconds', async () => {
  const device = await Device.enrol(ada);
  const [early, late] = [await device.beginSession(), await device.beginSession()];
  await sleep(8500);
  is(await device.post('/device/v1/session', device.finalOf(early)), 200);
  await sleep(2000);
  isProblem(await device.post('/device/v1/session', device.finalOf(late)), 401, 'credentials-refused');
});

test('what is not SCRAM is malformed', async () => {
  const device = await Device.enrol(ada);
  const { mac } = device;
  for (const client_first of ['', 'n', 'y,,n=a,r=b', 'p=tls-unique,,n=a,r=b', 'n,a=x,n=a,r=b', 'n,,n=a', 'n,,r=b', 'n,,m=1,n=a,r=b', 'n,,n=a,r=', `n,,n=${'a'.repeat(300)},r=b`])
    isProblem(await device.post('/device/v1/session', { mac, client_first }), 400, 'malformed-request');
  for (const body of [{}, { mac }, { client_first: 'n,,n=a,r=abcdefgh' }, { mac, exchange: 'x' }, { mac, client_final: 'x' }])
    isProblem(await device.post('/device/v1/session', body), 400, 'malformed-request');
});

test('a wrong MAC ends the session', async () => {
  const device = await Device.enrol(ada);
  const thief = new Device(server);
  thief.useSession(device.session);
  isProblem(await thief.measure('temperature', 66), 401, 'mac-mismatch');
  isProblem(await device.measure('temperature', 1), 401, 'session-expired');
  await device.openSession();
  is(await device.measure('temperature', 2), 204);
  assert.equal((await ada.device(device.id)).latest.temperature.value, 2);
});

test('a session needs its MAC, and nothing else will do', async () => {
  const device = await Device.enrol(ada);
  const { Authorization } = device.headers;
  const without = new Client(server, { Authorization });
  const answer = await without.post('/device/v1/readings', { batch: 1, readings: [] });
  assert.equal(answer.status, 401);
  const key = await ada.withKey('manage');
  for (const headers of [{}, key.headers, ada.headers, { ...key.headers, 'X-Device-MAC': device.mac }])
    isProblem(await new Client(server, headers).get('/device/v1/desired'), 401, 'session-expired');
});

test('a fifth session ends the oldest', async () => {
  const device = await Device.enrol(ada);
  const sessions = [device.session];
  for (let i = 0; i < 4; i++) {
    await device.openSession();
    sessions.push(device.session);
  }
  for (const [i, session] of sessions.entries()) {
    device.useSession(session);
    assert.equal((await device.measure('temperature', i)).status, i === 0 ? 401 : 204, `session ${i + 1}`);
  }
});

test("another owner's device does not exist", async () => {
  const { id } = await pending();
  const bob = await Client.login(server, await server.addUser('bob@example.org'));
  const there = [
    await bob.get(`/api/v1/devices/${id}`),
    await bob.patch(`/api/v1/devices/${id}`, { name: 'mine' }),
    await bob.patch(`/api/v1/devices/${id}/desired`, { switches: { relay1: true } }),
    await bob.post(`/api/v1/devices/${id}/registration-token`),
    await bob.get(`/api/v1/devices/${id}/readings?metric=temperature`),
    await bob.delete(`/api/v1/devices/${id}`),
  ];
  const nowhere = await bob.get('/api/v1/devices/dev_AAAAAAAAAAAA');
  for (const answer of there) {
    isProblem(answer, 404, 'not-found');
    assert.equal(answer.text, nowhere.text);
  }
  assert.deepEqual((await bob.get('/api/v1/devices')).json.devices, []);
});

test('presence: late after one and a half intervals, offline after three, online with the next word', async () => {
  const device = await Device.enrol(ada);
  is(await ada.patch(`/api/v1/devices/${device.id}/desired`, { interval_s: 1 }), 200);
  is(await device.measure('temperature', 1), 204);
  const start = Date.now();
  const states = [];
  while (Date.now() - start < 4700) {
    const { state } = await ada.device(device.id);
    if (states.at(-1)?.state !== state) states.push({ state, ms: Date.now() - start });
    await sleep(50);
  }
  assert.deepEqual(states.map(({ state }) => state), ['online', 'late', 'offline']);
  // A second of grace for the way to the server.
  assert.ok(states[1].ms >= 1400 && states[1].ms < 3000, JSON.stringify(states));
  assert.ok(states[2].ms >= 2900 && states[2].ms < 4500, JSON.stringify(states));
  is(await device.measure('temperature', 1), 204);
  assert.equal((await ada.device(device.id)).state, 'online');
});
