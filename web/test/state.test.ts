import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as steps from '../src/state.ts';
import type { Device } from '../src/types.ts';

const T = 1_790_000_000_000;
const ID = 'dev_7hQmZr3KpT0s';

function device(change: Partial<Device> = {}): Device {
  return {
    id: ID, name: 'Greenhouse', board: 'linux', state: 'online', created_at: '', registered_at: '', last_seen_at: null,
    last_seen_ms: T, limited_at: null, interval_s: 10, mac: null, chip: null, firmware_version: null, registration: null,
    timeline: { added_at: '', registered_at: '', session_at: '', first_reading_at: '2026-09-21T13:00:00Z' },
    desired: { switches: { relay1: false } }, desired_version: 3,
    reported: { switches: { relay1: false } }, reported_version: 3, reported_at: null,
    latest: { temperature: { time_ms: T, value: 21 } },
    ...change,
  };
}

const fleet = (...list: Device[]) => steps.withList(steps.EMPTY_FLEET, list, T);

function view(at: steps.Fleet, now = T) {
  const known = at.devices.get(ID)!;
  const { on, phase } = steps.switchView(known, 'relay1', at.intents.get(steps.intentKey(ID, 'relay1')), now);
  return `${on} ${phase}`;
}

const reported = (version: number, on: boolean) =>
  ({ id: ID, version, state: { switches: { relay1: on } }, reported_at: '' });

test('a switch: pressed, accepted, confirmed', () => {
  let at = fleet(device());
  assert.equal(view(at), 'false confirmed');
  at = steps.withIntent(at, ID, 'relay1', true, T);
  assert.equal(view(at), 'true waiting');
  at = steps.withAccepted(at, ID, 'relay1', true, 4);
  assert.equal(view(at), 'true waiting');
  assert.equal(view(at, T + 10_000), 'true slow');
  at = steps.withReported(at, reported(4, true));
  assert.equal(view(at), 'true confirmed');
  assert.equal(at.intents.size, 0);
});

test('the device may be quicker than the server’s answer', () => {
  let at = steps.withIntent(fleet(device()), ID, 'relay1', true, T);
  at = steps.withDesired(at, { id: ID, version: 4, desired: { switches: { relay1: true } } }, T);
  at = steps.withReported(at, reported(4, true));
  assert.equal(view(at), 'true waiting', 'nobody has told us yet which version ours is');
  at = steps.withAccepted(at, ID, 'relay1', true, 4);
  assert.equal(view(at), 'true confirmed');
});

test('pressed on, off, on: only the last version counts', () => {
  let at = steps.withIntent(fleet(device()), ID, 'relay1', true, T);
  at = steps.withAccepted(at, ID, 'relay1', true, 4);
  at = steps.withIntent(at, ID, 'relay1', false, T + 100);
  at = steps.withReported(at, reported(4, true));
  assert.equal(view(at), 'false waiting');
  at = steps.withAccepted(at, ID, 'relay1', true, 4); // a late answer to the first press changes nothing
  assert.equal(view(at), 'false waiting');
  at = steps.withAccepted(at, ID, 'relay1', false, 5);
  at = steps.withReported(at, reported(5, false));
  assert.equal(view(at), 'false confirmed');
});

test('a device that is away will switch when it is back; one that disagrees is believed', () => {
  const wanted = { desired: { switches: { relay1: true } }, desired_version: 4 };
  assert.equal(view(fleet(device({ ...wanted, state: 'offline' }))), 'true away');
  assert.equal(view(fleet(device(wanted))), 'true waiting');
  assert.equal(view(fleet(device(wanted)), T + 10_000), 'true slow');
  assert.equal(view(fleet(device({ ...wanted, reported_version: 4 }))), 'false differs');
});

test('a changed interval counts from the moment it is wanted', () => {
  const at = steps.withDesired(fleet(device()), { id: ID, version: 4, desired: { interval_s: 1 } }, T);
  assert.equal(at.devices.get(ID)!.interval_s, 1);
});

test('a refused press goes back', () => {
  let at = steps.withIntent(fleet(device()), ID, 'relay1', true, T);
  at = steps.withoutIntent(at, ID, 'relay1');
  assert.equal(view(at), 'false confirmed');
});

test('what is only reported is a switch too, in the order of people', () => {
  const many = device({ desired: {}, reported: { switches: { relay10: true, relay2: false } } });
  assert.deepEqual(steps.switchNames(many), ['relay2', 'relay10']);
  assert.deepEqual(steps.switchNames(device({ desired: {}, reported: {} })), []);
});

test('a list that is older than the events before it takes nothing back', () => {
  let at = fleet(device());
  at = steps.withReading(at, { id: ID, last_seen_ms: T + 10_000, readings: [{ metric: 'temperature', time_ms: T + 10_000, value: 22 }] });
  at = steps.withDesired(at, { id: ID, version: 4, desired: {} }, T);
  at = steps.withReported(at, reported(4, true));
  at = steps.withDeviceEvent(at, device({ name: 'South' }), T);
  const known = at.devices.get(ID)!;
  assert.equal(known.name, 'South');
  assert.equal(known.latest.temperature?.value, 22);
  assert.equal(known.last_seen_ms, T + 10_000);
  assert.deepEqual([known.desired_version, known.reported_version], [4, 4]);
});

test('a server restored from a backup is right all the same', () => {
  const at = steps.withList(fleet(device({ desired_version: 9, reported_version: 9 })), [device()], T);
  assert.equal(at.devices.get(ID)!.desired_version, 3);
  assert.equal(at.devices.get(ID)!.reported_version, 3);
});

test('what is not on the list is gone, what was deleted too', () => {
  assert.equal(steps.withList(fleet(device()), [], T).devices.size, 0);
  assert.equal(steps.withDeviceEvent(fleet(device()), { id: ID, deleted: true }, T).devices.size, 0);
});

test('a failed reading keeps the last good value and its age, also over several failures', () => {
  let at = fleet(device());
  const fail = (time_ms: number) => ({ id: ID, last_seen_ms: time_ms, readings: [{ metric: 'temperature', time_ms, error: 'crc' }] });
  at = steps.withReading(at, fail(T + 1000));
  at = steps.withReading(at, fail(T + 2000));
  assert.deepEqual(at.devices.get(ID)!.latest.temperature, {
    time_ms: T + 2000, value: null, error: 'crc', last_value: 21, last_value_ms: T,
  });
});

test('the first reading completes the timeline', () => {
  const young = device({ timeline: { added_at: '', registered_at: '', session_at: '', first_reading_at: null }, latest: {} });
  const at = steps.withReading(fleet(young), { id: ID, last_seen_ms: T, readings: [{ metric: 'load1', time_ms: T, value: 1 }] });
  assert.equal(at.devices.get(ID)!.timeline.first_reading_at, new Date(T).toISOString());
});

test('events of unknown devices are left alone', () => {
  const at = fleet();
  assert.equal(steps.withReading(at, { id: ID, last_seen_ms: T, readings: [] }), at);
  assert.equal(steps.withReported(at, reported(1, true)), at);
});
