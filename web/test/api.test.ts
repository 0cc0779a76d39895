import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import * as api from '../src/api.ts';
import { quiet } from '../src/words.ts';

interface Call {
  method: string;
  path: string;
  csrf: string | null;
  body: string | null;
}

let calls: Call[] = [];
let answers: Response[] = [];

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
const problem = (status: number, kind: string, more: object = {}, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ type: `/problems/${kind}`, title: kind, status, detail: 'Do this.', ...more }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  });

globalThis.fetch = (async (path: string, init: RequestInit) => {
  const headers = init.headers as Record<string, string>;
  calls.push({ method: init.method!, path, csrf: headers['X-CSRF-Token'] ?? null, body: (init.body as string) ?? null });
  const answer = answers.shift();
  if (!answer) throw new TypeError('Failed to fetch');
  return answer;
}) as typeof fetch;

beforeEach(() => {
  calls = [];
  answers = [];
});

test('the CSRF token goes with every unsafe request and no other', async () => {
  answers = [json({ csrf: 'one' }), json({ devices: [] }), json({ version: 1 })];
  await api.login('a@example.org', 'pw');
  await api.devices();
  await api.setDesired('dev_1', { switches: { a: true } });
  assert.deepEqual(calls.map((call) => call.csrf), [null, null, 'one']);
  assert.equal(calls[2]!.body, '{"switches":{"a":true}}');
});

test('an old CSRF token is renewed once, unnoticed', async () => {
  answers = [problem(403, 'csrf-refused'), json({ email: 'a', csrf: 'two' }), json({ version: 2 })];
  assert.deepEqual(await api.setDesired('dev_1', {}), { version: 2 });
  assert.deepEqual(calls.map((call) => call.path), ['/api/v1/devices/dev_1/desired', '/api/v1/me', '/api/v1/devices/dev_1/desired']);
  assert.equal(calls[2]!.csrf, 'two');
  answers = [problem(403, 'csrf-refused'), json({ email: 'a', csrf: 'two' }), problem(403, 'csrf-refused')];
  await assert.rejects(api.setDesired('dev_1', {}), { kind: 'csrf-refused' });
});

test('a lost session is told, a wrong password is not taken for one', async () => {
  let lost = 0;
  api.onSessionLost(() => lost++);
  answers = [problem(401, 'credentials-refused'), problem(401, 'unauthenticated')];
  await assert.rejects(api.login('a', 'b'), { kind: 'credentials-refused' });
  assert.equal(lost, 0);
  await assert.rejects(api.devices(), { status: 401 });
  assert.equal(lost, 1);
});

test('all pages of devices are read', async () => {
  answers = [json({ devices: [{ id: 'dev_1' }], next: 'dev_1' }), json({ devices: [{ id: 'dev_2' }] })];
  assert.equal((await api.devices()).length, 2);
  assert.deepEqual(calls.map((call) => call.path), ['/api/v1/devices?limit=200', '/api/v1/devices?limit=200&after=dev_1']);
});

test('problems say what to do and when', async () => {
  answers = [problem(429, 'too-many-requests', {}, { 'Retry-After': '7' })];
  await assert.rejects(api.devices(), (error) => {
    assert.equal(quiet(error), 'Do this. Try again in 7 s.');
    return true;
  });
  answers = [problem(422, 'invalid-value', { field: 'name' })];
  await assert.rejects(api.renameDevice('dev_1', ''), { field: 'name', status: 422 });
});

test('answers that are no problem documents, and none at all, are problems too', async () => {
  answers = [new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'Content-Type': 'text/html' } })];
  await assert.rejects(api.devices(), { kind: 'status-502' });
  answers = [new Response('{', { status: 500, headers: { 'Content-Type': 'application/problem+json' } })];
  await assert.rejects(api.devices(), { kind: 'status-500' });
  await assert.rejects(api.devices(), { kind: 'unreachable', status: 0 });
});

test('a device id goes into the path as one segment', async () => {
  answers = [json({ metric: 'm', points: [] })];
  await api.readings('../me', { metric: 'a&b', from: 1.5, to: 2.5 });
  assert.equal(calls[0]!.path, '/api/v1/devices/..%2Fme/readings?metric=a%26b&from=1&to=3');
});
