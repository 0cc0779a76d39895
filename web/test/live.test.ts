import { answers, FakeEventSource, hide, pass, settle } from './fakes.ts';
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import * as live from '../src/live.ts';
import * as api from '../src/api.ts';
import { forget, get, subscribe } from '../src/store.ts';

const ID = 'dev_7hQmZr3KpT0s';
const device = (change: object = {}) => ({
  id: ID, name: 'Greenhouse', state: 'online', timeline: {}, latest: {}, last_seen_ms: 0, interval_s: 10,
  desired: {}, desired_version: 0, reported: {}, reported_version: 0, ...change,
});

let asked: ((response: Response) => void)[] = [];
let refuse: ((error: Error) => void)[] = [];
const sources = FakeEventSource.made;
const source = () => sources[sources.length - 1]!;
const name = () => get().fleet.devices.get(ID)?.name;

beforeEach(() => {
  sources.length = 0;
  asked = [];
  refuse = [];
  answers.devices = () => new Promise((done, fail) => (asked.push(done), refuse.push(fail)));
  forget('out');
  live.start();
});

afterEach(() => {
  live.stop();
  hide(false);
});

const list = (...devices: object[]) => Response.json({ devices });

test('subscribes first, loads then, and applies what came in between', async () => {
  assert.equal(asked.length, 0);
  source().open();
  assert.equal(asked.length, 1);
  source().send('device', device({ name: 'Renamed meanwhile' }));
  assert.equal(name(), undefined);
  asked[0]!(list(device()));
  await settle();
  assert.equal(name(), 'Renamed meanwhile');
  assert.deepEqual([get().link, get().loaded], ['live', true]);
  source().send('device', device({ name: 'And now' }));
  assert.equal(name(), 'And now');
});

test('a list that was asked for before a reconnect is not applied', async () => {
  source().open();
  source().fail(FakeEventSource.CONNECTING);
  assert.equal(get().link, 'lost');
  asked[0]!(list(device({ name: 'Old news' })));
  await settle();
  assert.equal(name(), undefined);
  pass(1300);
  assert.equal(sources.length, 2);
  source().open();
  asked[1]!(list(device({ name: 'News' })));
  await settle();
  assert.equal(name(), 'News');
  sources[0]!.send('device', device({ name: 'From a dead connection' }));
  assert.equal(name(), 'News');
});

test('waits longer from try to try, and is quick again after success', async () => {
  const gaps: number[] = [];
  for (let tries = 0; tries < 5; tries++) {
    const before = sources.length;
    source().fail(FakeEventSource.CONNECTING);
    let waited = 0;
    while (sources.length === before) {
      pass(50);
      waited += 50;
    }
    gaps.push(waited);
  }
  [[750, 1300], [1500, 2550], [3000, 5050], [6000, 10_050], [6000, 10_050]].forEach(([least, most], i) => {
    assert.ok(gaps[i]! >= least! && gaps[i]! <= most!, `${gaps}`);
  });
  source().open();
  asked[asked.length - 1]!(list());
  await settle();
  source().fail(FakeEventSource.CONNECTING);
  pass(1300);
  assert.equal(sources.length, 7);
});

test('a refused list tries again, no sooner than the server wants', async () => {
  source().open();
  asked[0]!(new Response('{}', { status: 503, headers: { 'Retry-After': '20' } }));
  await settle();
  assert.equal(get().link, 'lost');
  pass(14_000);
  assert.equal(sources.length, 1);
  pass(12_000);
  assert.equal(sources.length, 2);
});

test('a refused stream asks why: without a session it gives up, otherwise it goes on', async () => {
  let lost = 0;
  api.onSessionLost(() => lost++);
  answers.me = async () => new Response('{}', { status: 401 });
  source().fail(FakeEventSource.CLOSED);
  await settle();
  pass(60_000);
  assert.deepEqual([lost, sources.length], [1, 1]);
  answers.me = async () => Response.json({});
  source().fail(FakeEventSource.CLOSED);
  await settle();
  pass(1300);
  assert.equal(sources.length, 2);
});

test('a page that is hidden for long gives its connection back, and catches up when it is seen', async () => {
  source().open();
  asked[0]!(list());
  await settle();
  hide(true);
  pass(29_000);
  assert.equal(source().readyState, FakeEventSource.OPEN);
  hide(false); // a short look away costs one request
  assert.deepEqual([sources.length, asked.length], [1, 2]);
  asked[1]!(list());
  await settle();
  hide(true);
  pass(31_000);
  assert.equal(source().readyState, FakeEventSource.CLOSED);
  pass(600_000);
  assert.equal(sources.length, 1);
  hide(false);
  assert.equal(sources.length, 2);
});

test('the first of a burst of readings is shown at once, the rest together or with what is urgent', async () => {
  source().open();
  asked[0]!(list(device()));
  await settle();
  await new Promise((done) => setImmediate(done));
  const end = Date.now() + 40;
  while (Date.now() < end); // the real clock: no event for a while
  let drawn = 0;
  const off = subscribe(() => drawn++);
  const load = () => get().fleet.devices.get(ID)?.latest.load?.value;
  const send = (value: number) =>
    source().send('reading', { id: ID, last_seen_ms: value, readings: [{ metric: 'load', time_ms: value, value }] });
  for (let i = 0; i < 100; i++) send(i);
  assert.deepEqual([load(), drawn], [0, 1]);
  pass(30);
  assert.deepEqual([load(), drawn], [99, 2]);
  send(100);
  source().send('reported', { id: ID, version: 1, state: {}, reported_at: '' });
  assert.deepEqual([load(), drawn, get().fleet.devices.get(ID)?.reported_version], [100, 3, 1]);
  off();
});

test('nothing happens after the end', async () => {
  source().open();
  live.stop();
  asked[0]!(list(device()));
  await settle();
  source().fail(FakeEventSource.CONNECTING);
  hide(true);
  hide(false);
  pass(60_000);
  assert.deepEqual([name(), sources.length], [undefined, 1]);
});
