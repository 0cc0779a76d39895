import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventWords, isAlarm } from '../src/pages/account/event-words.ts';
import { aboutOf, toLines } from '../src/pages/account/trail.ts';
import type { AuditEntry } from '../src/types.ts';

let id = 100;
const entry = (event: string, subject = '', detail = ''): AuditEntry => ({ id: id--, at: '2026-11-22T16:00:00Z', event, subject, detail, address: null });
const nameOf = (device: string) => (device === 'dev_1' ? 'Greenhouse' : undefined);

test('what devices do all day is one line between what people do', () => {
  const opened = () => entry('device_session.opened', 'dev_1', '1.0');
  const entries = [opened(), entry('session.opened', 'a@b.example', 'Firefox'), opened(), opened(), opened(), entry('login.refused'), entry('login.refused')];
  const lines = toLines(entries);
  assert.deepEqual(lines.map(({ entry: { event }, count }) => [event, count]), [
    ['device_session.opened', 1],
    ['session.opened', 1],
    ['device_session.opened', 3],
    ['login.refused', 1],
    ['login.refused', 1], // a refusal is never one among many
  ]);
  assert.deepEqual(lines.map((line) => aboutOf(line, nameOf)), ['Greenhouse · 1.0', 'a@b.example · Firefox', '3 times, by your devices', '', '']);
  assert.equal(lines[2]!.entry.id, entries[2]!.id); // the newest
  assert.deepEqual(toLines([]), []);
});

test('a device that is gone keeps its id', () => {
  assert.equal(aboutOf({ entry: entry('device.removed', 'dev_2'), count: 1 }, nameOf), 'dev_2');
});

test('events have words, those of a newer server too', () => {
  assert.equal(eventWords('session.opened'), 'Signed in');
  assert.equal(eventWords('door_bell.was_rung'), 'Door bell was rung');
  assert.ok(isAlarm('device.clone_alarm') && !isAlarm('session.opened'));
});
