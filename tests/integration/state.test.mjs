// What the owner wants and what the device says: merge patches, versions, held requests.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { RawConnection } from './lib/raw.mjs';
import { Server, sleep } from './lib/server.mjs';

let server, ada;

before(async () => {
  server = await Server.start();
  ada = await Client.login(server, await server.addUser('ada@example.org'));
});
after(() => server.stop());

const patch = (device, body, options) => ada.patch(`/api/v1/devices/${device.id}/desired`, body, options);

async function timed(promise) {
  const start = performance.now();
  return { answer: await promise, ms: performance.now() - start };
}

test('a patch merges as RFC 7396 says', async () => {
  const device = await Device.enrol(ada);
  const steps = [
    [{ switches: { a: true } }, { switches: { a: true } }],
    [{ switches: { b: false } }, { switches: { a: true, b: false } }],
    [{ switches: { a: null } }, { switches: { b: false } }],
    [{ note: { x: [1, 2], y: null } }, { switches: { b: false }, note: { x: [1, 2] } }],
    [{ note: { x: [3] } }, { switches: { b: false }, note: { x: [3] } }],
    [{ note: 'text' }, { switches: { b: false }, note: 'text' }],
    [{ note: { z: {} } }, { switches: { b: false }, note: { z: {} } }],
    [{ switches: null, note: null, none: null }, {}],
    [{}, {}],
  ];
  for (const [i, [body, expected]] of steps.entries()) {
    assert.deepEqual(is(await patch(device, body), 200), { version: i + 1 });
    const seen = await ada.device(device.id);
    assert.deepEqual([seen.desired, seen.desired_version], [expected, i + 1]);
  }
});

test('both media types of a patch are the same', async () => {
  const device = await Device.enrol(ada);
  for (const [i, type] of ['application/merge-patch+json', 'application/json', 'Application/JSON; charset=utf-8'].entries())
    assert.equal(is(await patch(device, { a: i }, { headers: { 'Content-Type': type } }), 200).version, i + 1);
});

test('what devices rely on is checked; the version stays', async () => {
  const device = await Device.enrol(ada);
  is(await patch(device, { switches: { a: true } }), 200);
  const field = async (body) => isProblem(await patch(device, body), 422, 'invalid-value').field;
  assert.equal(await field({ switches: 7 }), 'switches');
  assert.equal(await field({ switches: [] }), 'switches');
  assert.equal(await field({ switches: { a: 1 } }), 'switches');
  assert.equal(await field({ switches: { a: 'on' } }), 'switches');
  assert.equal(await field({ switches: { A: true } }), 'switches');
  assert.equal(await field({ switches: { '': true } }), 'switches');
  assert.equal(await field({ switches: { 'a.b': true } }), 'switches');
  assert.equal(await field({ switches: { ['x'.repeat(33)]: true } }), 'switches');
  for (const wrong of [0, 3601, -1, 1.5, '10', true, {}]) assert.equal(await field({ interval_s: wrong }), 'interval_s');
  isProblem(await patch(device, { a: 'x'.repeat(4096) }), 413, 'payload-too-large');
  isProblem(await patch(device, { a: { b: { c: { d: { e: { f: {} } } } } } }), 413, 'payload-too-large');
  isProblem(await patch(device, '{"a":1,"a":2}'), 422, 'invalid-value');
  isProblem(await patch(device, '{"switches":{"a":true,"a":false}}'), 422, 'invalid-value');
  for (const body of ['[]', '7', 'null', '"text"', '', '{', '{"a":1}x']) isProblem(await patch(device, body), 400, 'malformed-request');
  const seen = await ada.device(device.id);
  assert.deepEqual([seen.desired, seen.desired_version], [{ switches: { a: true } }, 1]);
  is(await patch(device, { a: 'x'.repeat(4000) }), 200);
});

test('without after: whatever there is, at once', async () => {
  const device = await Device.enrol(ada);
  assert.deepEqual(is(await device.desired(), 200), { version: 0, desired: {} });
  assert.deepEqual(is(await device.desired({ wait: 30 }), 200), { version: 0, desired: {} });
  is(await patch(device, { switches: { a: true } }), 200);
  assert.deepEqual(is(await device.desired(), 200), { version: 1, desired: { switches: { a: true } } });
});

test('nothing newer: 204, at once without a wait, at its end with one', async () => {
  const device = await Device.enrol(ada);
  for (const options of [{ after: 0 }, { after: 0, wait: 0 }]) {
    const { answer, ms } = await timed(device.desired(options));
    is(answer, 204);
    assert.ok(ms < 500, `${ms} ms`);
  }
  const { answer, ms } = await timed(device.desired({ after: 0, wait: 1 }));
  is(answer, 204);
  assert.ok(ms >= 990 && ms < 1600, `${ms} ms`);
});

test('a version that the server does not have is answered at once: the server may be restored from a backup', async () => {
  const device = await Device.enrol(ada);
  assert.deepEqual(is(await device.desired({ after: 99, wait: 30 }), 200), { version: 0, desired: {} });
});

test('a held request is answered the moment there is something', async () => {
  const device = await Device.enrol(ada);
  for (let version = 1; version <= 5; version++) {
    const held = timed(device.desired({ after: version - 1, wait: 30 }));
    await sleep(50);
    const start = performance.now();
    is(await patch(device, { switches: { a: version % 2 === 1 } }), 200);
    const { answer } = await held;
    assert.ok(performance.now() - start < 150, 'no blink');
    assert.deepEqual(is(answer, 200), { version, desired: { switches: { a: version % 2 === 1 } } });
  }
});

test('wrong waits are named', async () => {
  const device = await Device.enrol(ada);
  for (const query of ['wait=301', 'wait=-1', 'wait=x', 'after=-1&wait=1', 'after=x', 'after=1&after=2'])
    isProblem(await device.get(`/device/v1/desired?${query}`), 422, 'invalid-value');
});

test('one request of a device is held at a time: a second lets the first go', async () => {
  const device = await Device.enrol(ada);
  const first = timed(device.desired({ after: 0, wait: 30 }));
  await sleep(50);
  const second = device.desired({ after: 0, wait: 30 });
  const { answer, ms } = await first;
  is(answer, 204);
  assert.ok(ms < 1000, `${ms} ms`);
  is(await patch(device, { a: 1 }), 200);
  is(await second, 200);
});

test('the next request on the connection lets a held one go, and both are answered in order', async () => {
  const device = await Device.enrol(ada);
  const raw = await RawConnection.open(server);
  const batch = (n) => JSON.stringify({ batch: `p-${n}`, readings: [{ metric: 'a', time_ms: Date.now(), value: n }] });
  raw.write(raw.request('GET', '/device/v1/desired?after=0&wait=30', device.headers));
  await sleep(100);
  const start = performance.now();
  raw.write(raw.request('POST', '/device/v1/readings', device.headers, batch(1)));
  assert.equal((await raw.answer()).status, 204); // the held one
  assert.equal((await raw.answer()).status, 204); // the readings
  assert.ok(performance.now() - start < 500);
  // Pipelined in one write: a wait ends before it begins.
  raw.write(raw.request('GET', '/device/v1/desired?after=0&wait=30', device.headers) + raw.request('GET', '/device/v1/desired', device.headers) + raw.request('POST', '/device/v1/readings', device.headers, batch(2)));
  assert.deepEqual([(await raw.answer()).status, (await raw.answer()).status, (await raw.answer()).status], [204, 200, 204]);
  assert.ok(performance.now() - start < 1000);
  assert.equal((await ada.device(device.id)).latest.a.value, 2);
  raw.end();
});

test('a device that leaves while its request is held is no longer waited for', async () => {
  const device = await Device.enrol(ada);
  const raw = await RawConnection.open(server);
  raw.write(raw.request('GET', '/device/v1/desired?after=0&wait=300', device.headers));
  await sleep(100);
  raw.end();
  await sleep(100);
  is(await patch(device, { a: 1 }), 200);
  assert.equal(is(await device.desired({ after: 0, wait: 5 }), 200).version, 1);
});

test('a device that holds a request is online, whatever its interval', async () => {
  const device = await Device.enrol(ada);
  is(await patch(device, { interval_s: 1 }), 200);
  const held = device.desired({ after: 1, wait: 5 });
  await sleep(4500);
  assert.equal((await ada.device(device.id)).state, 'online');
  is(await held, 204);
});

test('the interval that is desired is the interval', async () => {
  const device = await Device.enrol(ada);
  assert.equal((await ada.device(device.id)).interval_s, 10);
  is(await patch(device, { interval_s: 30 }), 200);
  const { interval_s: interval, desired } = await ada.device(device.id);
  assert.deepEqual([interval, desired], [30, { interval_s: 30 }]);
  assert.equal((await device.openSession()).interval_s, 30);
});

test('what is reported replaces what was reported', async () => {
  const device = await Device.enrol(ada);
  const states = [{ switches: { a: true } }, { interval_s: 10, other: [1, { x: null }] }, {}];
  for (const [version, state] of states.entries()) {
    is(await device.report(version, state), 204);
    const seen = await ada.device(device.id);
    assert.deepEqual([seen.reported, seen.reported_version], [state, version]);
    assert.ok(Math.abs(Date.parse(seen.reported_at) - Date.now()) < 2000);
  }
  for (const body of [{}, { version: 1 }, { state: {} }, { version: -1, state: {} }, { version: 1.5, state: {} }, { version: 1, state: [] }, { version: 1, state: { a: 'x'.repeat(4096) } }, '{"version":1,"state":{"a":1}'])
    isProblem(await device.post('/device/v1/reported', body), 400, 'malformed-request');
  assert.deepEqual((await ada.device(device.id)).reported, {});
});

test('twenty patches at once all count, each with a version of its own', async () => {
  const device = await Device.enrol(ada);
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
  const answers = await Promise.all(names.map((name) => patch(device, { switches: { [name]: true } })));
  const versions = answers.map((answer) => is(answer, 200).version).sort((a, b) => a - b);
  assert.deepEqual(versions, names.map((_, i) => i + 1));
  assert.deepEqual(Object.keys((await ada.device(device.id)).desired.switches).sort(), [...names].sort());
});
