// The owner's event stream: everything of theirs as it happens, nothing of anybody else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { EventStream } from './lib/events.mjs';
import { is } from './lib/expect.mjs';
import { Server, sleep } from './lib/server.mjs';

let server, ada, bob;

before(async () => {
  server = await Server.start();
  ada = await Client.login(server, await server.addUser('ada@example.org'));
  bob = await Client.login(server, await server.addUser('bob@example.org'));
});
after(() => server.stop());

const event = (name, id) => (seen) => seen.event === name && seen.data.id === id;

test("a device's whole life arrives at its owner, and at nobody else", async () => {
  const stream = await EventStream.open(ada);
  const other = await EventStream.open(bob);
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.equal(stream.headers['cache-control'], 'no-store');
  assert.equal((await stream.next((seen) => seen.retry)).retry, '2000');

  const added = await ada.addDevice('Greenhouse');
  const is_device = event('device', added.id);
  const { data } = await stream.next(is_device);
  assert.deepEqual(data, await ada.device(added.id));

  is(await ada.patch(`/api/v1/devices/${added.id}`, { name: 'South' }), 200);
  assert.equal((await stream.next(is_device)).data.name, 'South');

  const device = new Device(server);
  is(await device.register(added.registration_token), 201);
  assert.equal((await stream.next(is_device)).data.mac, device.mac);
  await device.openSession();
  assert.equal((await stream.next((seen) => is_device(seen) && seen.data.timeline.session_at)).data.state, 'online');

  const now = Date.now();
  const readings = [{ metric: 'temperature', time_ms: now, value: 0.30000000000000004 }, { metric: 'humidity', time_ms: now, error: 'crc' }];
  is(await device.sendBatch(readings), 204);
  const reading = (await stream.next(event('reading', added.id))).data;
  assert.deepEqual(reading.readings, readings);
  assert.ok(Math.abs(reading.last_seen_ms - now) < 2000);
  assert.notEqual((await stream.next(is_device)).data.timeline.first_reading_at, null);

  is(await ada.patch(`/api/v1/devices/${added.id}/desired`, { switches: { a: true } }), 200);
  assert.deepEqual((await stream.next(event('desired', added.id))).data, { id: added.id, version: 1, desired: { switches: { a: true } } });

  is(await device.report(1, { switches: { a: true } }), 204);
  const { reported_at: at, ...reported } = (await stream.next(event('reported', added.id))).data;
  assert.deepEqual(reported, { id: added.id, version: 1, state: { switches: { a: true } } });
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 3000);

  is(await ada.delete(`/api/v1/devices/${added.id}`), 204);
  assert.deepEqual((await stream.next(is_device)).data, { id: added.id, deleted: true });

  const bobs = await bob.addDevice();
  await other.next(event('device', bobs.id));
  assert.deepEqual(other.seen, []);
  stream.close();
  other.close();
});

test('an API key that reads may listen', async () => {
  const stream = await EventStream.open(await ada.withKey('read'));
  const { id } = await ada.addDevice();
  await stream.next(event('device', id));
  stream.close();
});

test('strangers hear nothing', async () => {
  for (const caller of [new Client(server), await Device.enrol(ada)])
    await assert.rejects(EventStream.open(caller), { status: 401 });
});

test('a batch that is sent again is told once', async () => {
  const device = await Device.enrol(ada);
  const stream = await EventStream.open(ada);
  for (let i = 0; i < 3; i++) is(await device.sendBatch([{ metric: 'a', value: 1 }], 'again'), 204);
  is(await device.sendBatch([{ metric: 'a', value: 2 }], 'more'), 204);
  await stream.next((seen) => seen.event === 'reading' && seen.data.readings[0].value === 1);
  assert.equal((await stream.next(event('reading', device.id))).data.readings[0].value, 2);
  stream.close();
});

test('a clone alarms the owner: the session from another MAC, the key from another MAC', async () => {
  const device = await Device.enrol(ada);
  const stream = await EventStream.open(ada);
  const alarm = (seen) => event('audit', device.id)(seen) && seen.data.event === 'device.clone_alarm';
  const thief = new Device(server);
  thief.useSession(device.session);
  assert.equal((await thief.measure('a', 1)).status, 401);
  await stream.next(alarm);
  const body = device.finalOf(await device.beginSession());
  assert.equal((await device.post('/device/v1/session', { ...body, mac: thief.mac })).status, 401);
  await stream.next(alarm);
  stream.close();
});

test('a stream is told when a device goes quiet and when it is back', async () => {
  const device = await Device.enrol(ada);
  is(await ada.patch(`/api/v1/devices/${device.id}/desired`, { interval_s: 1 }), 200);
  const stream = await EventStream.open(ada);
  is(await device.measure('a', 1), 204);
  const state = (name) => (seen) => event('device', device.id)(seen) && seen.data.state === name;
  for (const name of ['online', 'late', 'offline']) await stream.next(state(name), 6000);
  is(await device.measure('a', 2), 204);
  await stream.next(state('online'), 2000);
  stream.close();
});

test('32 streams of an owner are enough; one that left makes room', async () => {
  const eve = await Client.login(server, await server.addUser('eve@example.org'));
  const streams = [];
  for (let i = 0; i < 32; i++) streams.push(await EventStream.open(eve));
  await assert.rejects(EventStream.open(eve), { status: 429 });
  const others = await EventStream.open(bob);
  streams.pop().close();
  await sleep(100);
  streams.push(await EventStream.open(eve));
  const { id } = await eve.addDevice();
  for (const stream of streams) await stream.next(event('device', id));
  for (const stream of [...streams, others]) stream.close();
});

test('a ping comes every 20 seconds', async () => {
  const stream = await EventStream.open(bob);
  await stream.next((seen) => seen.comment === 'ping', 21_000);
  stream.close();
});
