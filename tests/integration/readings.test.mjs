// Readings: taken once, kept exactly, shown as raw points, steps and CSV.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { Server } from './lib/server.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let server, ada;

before(async () => {
  server = await Server.start();
  ada = await Client.login(server, await server.addUser('ada@example.org'));
});
after(() => server.stop());

const path = (device, metric, query = {}) =>
  `/api/v1/devices/${device.id}/readings?${new URLSearchParams({ metric, ...query })}`;

async function chart(device, metric, query) {
  return is(await ada.get(path(device, metric, query)), 200);
}

// The last raw value as it is written, so that no number is rounded on its way into this test.
async function lastText(device, metric) {
  return /,([^,[\]]+)\]\]}$/.exec((await ada.get(path(device, metric))).text)[1];
}

const values = async (device, metric) => (await chart(device, metric)).points.map((point) => point[1]);

test('the same batch is stored once, however often it comes', async () => {
  const device = await Device.enrol(ada);
  const readings = [{ metric: 'temperature', value: 21.5 }];
  const send = (batch, value = 21.5) => device.sendBatch([{ ...readings[0], value }], batch);
  for (let i = 0; i < 3; i++) is(await send('1790000000000-1'), 204);
  for (let i = 0; i < 3; i++) is(await send(7, 1), 204);
  for (let i = 0; i < 3; i++) is(await send(8, 2), 204);
  is(await send('1790000000000-1', 99), 204); // recognised by its id alone
  assert.deepEqual(await values(device, 'temperature'), [21.5, 1, 2]);
  const at_once = await Promise.all(Array.from({ length: 20 }, () => send('parallel', 3)));
  for (const answer of at_once) is(answer, 204);
  assert.deepEqual(await values(device, 'temperature'), [21.5, 1, 2, 3]);
});

test('a number is a batch id of its own', async () => {
  const device = await Device.enrol(ada);
  is(await device.sendBatch([{ metric: 'a', value: 1 }], 12), 204);
  is(await device.sendBatch([{ metric: 'a', value: 2 }], 0), 204);
  is(await device.sendBatch([{ metric: 'a', value: 3 }], 9007199254740991), 204);
  assert.equal((await values(device, 'a')).length, 3);
  for (const batch of ['', 'x'.repeat(65), 'ü', 'a\tb', -1, 1.5, null, true, [], {}])
    isProblem(await device.sendBatch([{ metric: 'a', value: 4 }], batch), 400, 'malformed-request');
  is(await device.sendBatch([{ metric: 'a', value: 5 }], '~'.repeat(64)), 204);
  assert.equal((await values(device, 'a')).length, 4);
});

test('the last 32 batches are remembered', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  const send = (i) => device.sendBatch([{ metric: 'a', value: i, time_ms: now + i }], `n-${i}`);
  for (let i = 0; i < 40; i++) is(await send(i), 204);
  for (let i = 39; i >= 8; i--) is(await send(i), 204);
  assert.deepEqual(await values(device, 'a'), Array.from({ length: 40 }, (_, i) => i));
});

test("another device's batch of the same id is another batch", async () => {
  const [one, two] = [await Device.enrol(ada), await Device.enrol(ada)];
  for (const device of [one, two]) is(await device.sendBatch([{ metric: 'a', value: 1 }], 'same'), 204);
  assert.deepEqual([await values(one, 'a'), await values(two, 'a')], [[1], [1]]);
});

test('a clock that is wrong is told the time, and nothing is stored', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  const send = (batch, ...times) => device.sendBatch(times.map((time_ms) => ({ metric: 'a', value: 1, time_ms })), batch);
  for (const wrong of [now + 6 * MINUTE, now - 32 * DAY, 0, 1000, Number.MAX_SAFE_INTEGER]) {
    const problem = isProblem(await send('skewed', now, wrong), 422, 'clock-skew');
    assert.ok(Math.abs(problem.server_time_ms - Date.now()) < 1000);
  }
  assert.deepEqual((await chart(device, 'a')).points, []);
  assert.deepEqual((await ada.device(device.id)).latest, {});
  is(await send('skewed', now, now + 4 * MINUTE), 204); // the refused id was not used up
  is(await send('old', now - 30 * DAY), 204);
});

test('malformed batches are refused whole', async () => {
  const device = await Device.enrol(ada);
  const good = { metric: 'a', time_ms: Date.now(), value: 1 };
  const bad = [
    [],
    [{ ...good, value: '1' }],
    [{ ...good, value: null }],
    [{ ...good, value: true }],
    [{ ...good, value: undefined }],
    [{ ...good, error: 'crc' }], // value and error
    [{ ...good, value: undefined, error: '' }],
    [{ ...good, value: undefined, error: 'CRC' }],
    [{ ...good, value: undefined, error: 'x'.repeat(25) }],
    [{ ...good, metric: '' }],
    [{ ...good, metric: 'A' }],
    [{ ...good, metric: '1a' }],
    [{ ...good, metric: 'a-b' }],
    [{ ...good, metric: 'a'.repeat(33) }],
    [{ ...good, metric: undefined }],
    [{ ...good, time_ms: undefined }],
    [{ ...good, time_ms: '1790000000000' }],
    [{ ...good, time_ms: 1.5 }],
    [{ ...good, time_ms: -1 }],
    [good, { ...good, metric: 'B' }],
    [good, 7],
    'none',
    {},
    null,
  ];
  for (const readings of bad) {
    const answer = await device.post('/device/v1/readings', { batch: 'bad', readings });
    assert.equal(answer.status, 400, JSON.stringify(readings));
    isProblem(answer, 400, 'malformed-request');
  }
  for (const value of ['NaN', 'Infinity', '-Infinity', '1e', '.5', '01', '+1', '0x10', '1e99999'])
    isProblem(await sendText(device, 'text', value), 400, 'malformed-request');
  assert.deepEqual((await ada.device(device.id)).latest, {});
});

// A value as it is written, which JSON.stringify would not keep.
function sendText(device, batch, value, metric = 'a') {
  const body = `{"batch":"${batch}","readings":[{"metric":"${metric}","time_ms":${Date.now()},"value":${value}}]}`;
  return device.post('/device/v1/readings', body);
}

test('256 readings are a batch, of one metric or many; 257 are not', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  const readings = (count) =>
    Array.from({ length: count }, (_, i) => ({ metric: 'load', value: i, time_ms: now - count + i }));
  is(await device.sendBatch(readings(256)), 204);
  assert.deepEqual(await values(device, 'load'), readings(256).map(({ value }) => value));
  isProblem(await device.sendBatch(readings(257)), 400, 'malformed-request');
  assert.equal((await values(device, 'load')).length, 256);
});

test('64 metrics are a device, the 65th is refused with all that came with it', async () => {
  const device = await Device.enrol(ada);
  const readings = Array.from({ length: 64 }, (_, i) => ({ metric: `metric_${i}`, value: i }));
  is(await device.sendBatch([...readings, ...readings]), 204);
  assert.equal(Object.keys((await ada.device(device.id)).latest).length, 64);
  const more = await device.sendBatch([{ metric: 'metric_0', value: 100 }, { metric: 'one_more', value: 1 }]);
  assert.equal(isProblem(more, 422, 'invalid-value').field, 'metric');
  const { latest } = await ada.device(device.id);
  assert.equal(latest.metric_0.value, 0);
  assert.equal(latest.one_more, undefined);
  is(await device.sendBatch([{ metric: 'metric_63', value: 5 }]), 204);
  const other = await Device.enrol(ada);
  const many = Array.from({ length: 65 }, (_, i) => ({ metric: `metric_${i}`, value: i }));
  isProblem(await other.sendBatch(many), 422, 'invalid-value');
});

test('values are kept digit for digit, and written the short way', async () => {
  const device = await Device.enrol(ada);
  const cases = {
    '21.50': '21.5',
    '21.5': '21.5',
    '0.30000000000000004': '0.30000000000000004',
    '123456789012345678': '123456789012345678',
    '-0.000123456789012345678': '-0.000123456789012345678',
    '1e3': '1000',
    '1E+3': '1000',
    '0': '0',
    '-0': '0',
    '0.0': '0',
    '100': '100',
    '-40.25': '-40.25',
    '1.0': '1',
  };
  for (const [i, [sent, shown]] of Object.entries(cases).entries()) {
    is(await sendText(device, `exact-${i}`, sent, `m${i}`), 204);
    assert.equal(await lastText(device, `m${i}`), shown, sent);
    const csv = await ada.get(path(device, `m${i}`), { headers: { Accept: 'text/csv' } });
    assert.equal(csv.text.split('\r\n')[1].split(',')[1], shown, sent);
  }
  const { text } = await ada.get(`/api/v1/devices/${device.id}`);
  assert.ok(text.includes('"value":0.30000000000000004'));
  assert.ok(text.includes('"value":123456789012345678'));
});

test('18 digits and 30 decimal places either way are the range of values', async () => {
  const device = await Device.enrol(ada);
  const cases = {
    '1e30': '1e30',
    '-1e30': '-1e30',
    '1e-30': '1e-30',
    '123456789.0123456785': '123456789.012345679', // the 19th digit is rounded
    '1e-50': '0',
  };
  for (const [i, [sent, shown]] of Object.entries(cases).entries()) {
    is(await sendText(device, `far-${i}`, sent, `m${i}`), 204);
    assert.equal(await lastText(device, `m${i}`), shown, sent);
  }
  for (const [i, sent] of ['1e100', '1.7976931348623157e308', '-1e49'].entries())
    isProblem(await sendText(device, `too-far-${i}`, sent), 400, 'malformed-request');
});

test('an error is a gap with a reason; the last good value stays known', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  is(await device.sendBatch([{ metric: 'humidity', time_ms: now - 2000, value: 55.1 }]), 204);
  is(await device.sendBatch([{ metric: 'humidity', time_ms: now - 1000, error: 'crc' }, { metric: 'never', time_ms: now, error: 'missing' }]), 204);
  let { latest } = await ada.device(device.id);
  assert.deepEqual(latest.humidity, { time_ms: now - 1000, value: null, error: 'crc', last_value: 55.1, last_value_ms: now - 2000 });
  assert.equal(latest.never.value, null);
  assert.equal(latest.never.last_value ?? null, null);
  is(await device.sendBatch([{ metric: 'humidity', time_ms: now, value: 56 }]), 204);
  assert.deepEqual((await chart(device, 'humidity')).points, [[now - 2000, 55.1], [now - 1000, null, 'crc'], [now, 56]]);
  ({ latest } = await ada.device(device.id));
  assert.equal(latest.humidity.value, 56);
  assert.equal(latest.humidity.error, undefined);
  const csv = await ada.get(path(device, 'humidity'), { headers: { Accept: 'text/csv' } });
  const iso = (ms) => new Date(ms).toISOString();
  assert.equal(csv.text, `time,value,quality\r\n${iso(now - 2000)},55.1,ok\r\n${iso(now - 1000)},,crc\r\n${iso(now)},56,ok\r\n`);
  assert.match(csv.headers['content-type'], /^text\/csv/);
  assert.match(csv.headers['content-disposition'], /attachment/);
});

test('an old reading does not replace a newer latest value', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  is(await device.measure('temperature', 2, now), 204);
  is(await device.measure('temperature', 1, now - MINUTE), 204);
  assert.equal((await ada.device(device.id)).latest.temperature.value, 2);
  assert.deepEqual(await values(device, 'temperature'), [1, 2]);
});

// Ten minutes that are over, so that no clock ticks into them.
const past = Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE;

async function tenMinutes() {
  const device = await Device.enrol(ada);
  const readings = Array.from({ length: 10 }, (_, i) => [
    { metric: 'temperature', time_ms: past + i * MINUTE, value: 10 * i },
    { metric: 'temperature', time_ms: past + i * MINUTE + 30_000, value: 10 * i + 5 },
  ]).flat();
  is(await device.sendBatch(readings), 204);
  return device;
}

test('steps have mean, least, most and how many', async () => {
  const device = await tenMinutes();
  const window = { from: past, to: past + 10 * MINUTE };
  const minutes = await chart(device, 'temperature', { ...window, step: 60 });
  assert.equal(minutes.step_s, 60);
  assert.deepEqual(minutes.points, Array.from({ length: 10 }, (_, i) => [past + i * MINUTE, 10 * i + 2.5]));
  assert.deepEqual(minutes.series.columns, ['time_ms', 'mean', 'min', 'max', 'count']);
  assert.deepEqual(minutes.series.rows[3], [past + 3 * MINUTE, 32.5, 30, 35, 2]);
  assert.equal((await chart(device, 'temperature', { ...window, step: 61 })).step_s, 120);
  const five = await chart(device, 'temperature', { ...window, step: 300 });
  assert.equal(five.series.rows.reduce((sum, row) => sum + row[4], 0), 20);
  const csv = await ada.get(path(device, 'temperature', { ...window, step: 60 }), { headers: { Accept: 'text/csv' } });
  assert.deepEqual(csv.text.split('\r\n').slice(0, 2), ['time,mean,min,max,count', `${new Date(past).toISOString()},2.5,0,5,2`]);
});

test('late readings join the minute they belong to', async () => {
  const device = await tenMinutes();
  const window = { from: past, to: past + 10 * MINUTE, step: 60 };
  await chart(device, 'temperature', window); // these minutes have been rolled up now
  is(await device.measure('temperature', 100, past + MINUTE + 1), 204);
  is(await device.measure('temperature', -100, past + MINUTE + 2), 204);
  const { series } = await chart(device, 'temperature', window);
  assert.deepEqual(series.rows[1], [past + MINUTE, 6.25, -100, 100, 4]);
  assert.deepEqual(series.rows[0], [past, 2.5, 0, 5, 2]);
});

test('failed readings count in no mean; minutes without a reading stay away', async () => {
  const device = await Device.enrol(ada);
  const at = (i, what) => ({ metric: 'a', time_ms: past + i * MINUTE, ...what });
  is(await device.sendBatch([at(0, { value: 1 }), at(0.5, { error: 'crc' }), at(1, { error: 'crc' }), at(5, { value: 5 })]), 204);
  const { points } = await chart(device, 'a', { from: past, to: past + 10 * MINUTE, step: 60 });
  assert.deepEqual(points, [[past, 1], [past + 5 * MINUTE, 5]]);
});

test('a day: the server picks the step; at most 5,000 points', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  for (let hour = 1; hour <= 24; hour++)
    is(await device.sendBatch(Array.from({ length: 60 }, (_, i) => ({ metric: 'a', value: hour, time_ms: now - hour * 60 * MINUTE + i * MINUTE }))), 204);
  const day = await chart(device, 'a', { from: now - DAY, to: now });
  assert.ok(day.step_s >= 60 && day.step_s % 60 === 0);
  assert.equal(day.series.rows.reduce((sum, row) => sum + row[4], 0), 24 * 60);
  const month = await chart(device, 'a', { from: now - 31 * DAY, to: now, step: 60 });
  assert.ok(month.step_s > 60 && month.points.length <= 5000);
});

test('more raw readings than fit are answered in steps', async () => {
  const device = await Device.enrol(ada);
  const now = Date.now();
  for (let b = 0; b < 24; b++)
    is(await device.sendBatch(Array.from({ length: 256 }, (_, i) => ({ metric: 'a', value: b, time_ms: now - 3000e3 + b * 100_000 + i }))), 204);
  const { step_s: step, points, series } = await chart(device, 'a');
  assert.ok(step >= 60 && points.length <= 5000);
  assert.equal(series.rows.reduce((sum, row) => sum + row[4], 0), 24 * 256);
});

test('windows in RFC 3339 are those in milliseconds; the end is not part of it', async () => {
  const device = await tenMinutes();
  const [from, to] = [past + MINUTE, past + 3 * MINUTE];
  const iso = (ms) => new Date(ms).toISOString();
  const inMs = await chart(device, 'temperature', { from, to });
  assert.equal(inMs.points.length, 4);
  assert.deepEqual(await chart(device, 'temperature', { from: iso(from), to: iso(to) }), inMs);
  const offset = (ms) => iso(ms + 2 * 60 * MINUTE).replace('Z', '+02:00');
  assert.deepEqual(await chart(device, 'temperature', { from: offset(from), to: offset(to) }), inMs);
});

test('questions that make no sense are named', async () => {
  const device = await tenMinutes();
  const field = async (query) => isProblem(await ada.get(`/api/v1/devices/${device.id}/readings?${query}`), 422, 'invalid-value').field;
  assert.equal(await field(''), 'metric');
  assert.equal(await field('metric='), 'metric');
  assert.equal(await field('metric=A'), 'metric');
  assert.equal(await field('metric=a&metric=b'), 'metric');
  assert.equal(await field('metric=a&from=x'), 'from');
  assert.equal(await field('metric=a&from=2&to=1'), 'from');
  assert.equal(await field('metric=a&from=2026-13-01T00:00:00Z'), 'from');
  assert.equal(await field('metric=a&step=-1'), 'step');
  assert.equal(await field('metric=a&step=1e3'), 'step');
  assert.deepEqual((await chart(device, 'unheard_of')).points, []);
});

test('a restart forgets nothing: values, sessions, batch ids', async () => {
  const device = await tenMinutes();
  is(await device.sendBatch([{ metric: 'humidity', error: 'crc' }], 'before'), 204);
  is(await ada.patch(`/api/v1/devices/${device.id}/desired`, { switches: { relay1: true } }), 200);
  is(await device.report(1, { switches: { relay1: true } }), 204);
  const seen = async () => {
    const { last_seen_ms, last_seen_at, state, ...rest } = await ada.device(device.id);
    return { ...rest, chart: (await chart(device, 'temperature', { from: past, to: past + 10 * MINUTE, step: 60 })).series };
  };
  const before = await seen();
  for (const end of ['terminate', 'kill']) {
    await server[end]();
    await server.start();
    assert.deepEqual(await seen(), before, end);
    is(await device.sendBatch([{ metric: 'humidity', value: 1 }], 'before'), 204); // known, so nothing changes
    assert.deepEqual(await seen(), before, end);
  }
  is(await device.sendBatch([{ metric: 'humidity', value: 2 }], 'after'), 204);
  assert.equal((await ada.device(device.id)).latest.humidity.value, 2);
});
