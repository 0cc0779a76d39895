import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import * as account from '../src/account-api.ts';
import { onFactorWanted, onProofNeeded, onSessionLost, setCsrf } from '../src/client.ts';
import { collectReadings, withoutHead } from '../src/pages/account/readings-export.ts';

let calls: { method: string; path: string; body: unknown }[] = [];
let answers: Response[] = [];

const json = (body: unknown, status = 200) => Response.json(body, { status });
const problem = (status: number, kind: string, more: object = {}) =>
  new Response(JSON.stringify({ type: `/problems/${kind}`, title: kind, status, detail: 'Do this.', ...more }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
const done = () => new Response(null, { status: 204 });

globalThis.fetch = (async (path: string, init: RequestInit) => {
  calls.push({ method: init.method!, path: path.replace('/api/v1', ''), body: init.body ? JSON.parse(init.body as string) : null });
  return answers.shift()!;
}) as typeof fetch;

const asked = () => calls.map(({ method, path }) => `${method} ${path}`);

beforeEach(() => {
  calls = [];
  answers = [];
  setCsrf(undefined);
  onProofNeeded(async () => false);
});

test('what wants its owner confirmed is asked again once they have proved it', async () => {
  let questions = 0;
  onProofNeeded(async () => ++questions > 0);
  answers = [problem(403, 'confirmation-needed'), done()];
  await account.changePassword('an otter floats');
  assert.equal(questions, 1);
  assert.deepEqual(asked(), ['POST /account/password', 'POST /account/password']);
  assert.deepEqual(calls[1]!.body, { password: 'an otter floats' });
});

test('who would rather not prove it changes nothing', async () => {
  answers = [problem(403, 'confirmation-needed')];
  await assert.rejects(account.removeTotp(), { kind: 'not-proved' });
  assert.equal(calls.length, 1);
});

test('a server that is never satisfied is asked twice, not for ever', async () => {
  onProofNeeded(async () => true);
  answers = [problem(403, 'confirmation-needed'), problem(403, 'confirmation-needed')];
  await assert.rejects(account.removeTotp(), { kind: 'confirmation-needed' });
});

test('the new session of a proof brings a new CSRF token, and the request still goes out', async () => {
  onProofNeeded(async () => true);
  answers = [problem(403, 'confirmation-needed'), problem(403, 'csrf-refused'), json({ csrf: 'new' }), done()];
  await account.removeTotp();
  assert.deepEqual(asked(), ['DELETE /factors/totp', 'DELETE /factors/totp', 'GET /me', 'DELETE /factors/totp']);
});

test('a wrong code or password is no lost session, and the factors come along', async () => {
  let lost = 0;
  onSessionLost(() => lost++);
  for (const kind of ['credentials-refused', 'code-needed', 'code-refused']) {
    answers = [problem(401, kind, { factors: ['totp'] })];
    await assert.rejects(account.proveIdentity({ password: 'x' }), (error: { kind: string; more: { factors: string[] } }) => {
      assert.equal(error.kind, kind);
      assert.deepEqual(error.more.factors, ['totp']);
      return true;
    });
  }
  assert.equal(lost, 0);
  answers = [problem(401, 'unauthenticated')];
  await assert.rejects(account.sessions());
  assert.equal(lost, 1);
});

test('a second factor that has come to be wanted is told', async () => {
  let wanted = 0;
  onFactorWanted(() => wanted++);
  answers = [problem(403, 'second-factor-required')];
  await assert.rejects(account.sessions());
  assert.equal(wanted, 1);
});

test('registering gives the warning that came with the answer, or none', async () => {
  const typed = { email: 'a@b.example', password: 'p', website: '', form: 'f', work: '1' };
  answers = [json({ warning: 'Short-lived.' }, 202), json({}, 202), new Response('', { status: 202 })];
  assert.equal(await account.register(typed), 'Short-lived.');
  assert.equal(await account.register(typed), '');
  assert.equal(await account.register(typed), '');
  assert.deepEqual(calls[0]!.body, typed);
  answers = [json({ warning: 'Short-lived.' }, 202)];
  assert.equal(await account.changeEmail('a@b.example'), 'Short-lived.');
});

test('ids and cursors go into the path as one piece', async () => {
  answers = [done(), done(), json({ entries: [] }), json({ entries: [] })];
  await account.endSession('../me');
  await account.removePasskey('a/b');
  await account.audit('1&x');
  await account.audit();
  assert.deepEqual(asked(), ['DELETE /sessions/..%2Fme', 'DELETE /factors/passkeys/a%2Fb', 'GET /audit?before=1%26x', 'GET /audit']);
});

test('a key without an end says nothing about one', async () => {
  answers = [json({ id: 1, key: 'k' }, 201), json({ id: 2, key: 'k' }, 201)];
  await account.addApiKey('a', 'read', null);
  await account.addApiKey('b', 'manage', 30);
  assert.deepEqual(calls.map((call) => call.body), [
    { name: 'a', scope: 'read' },
    { name: 'b', scope: 'manage', expires_in_days: 30 },
  ]);
});

const csv = (text: string, next = '') => new Response(text, { headers: { 'Content-Type': 'text/csv', ...(next ? { 'X-Next': next } : {}) } });
const { signal } = new AbortController();

test('the pages of readings become one file with one head', async () => {
  answers = [csv('a,b\n1,2\n', 'x y'), csv('a,b\n', 'z'), csv('a,b\n3,4\n')];
  const seen: number[] = [];
  const file = await collectReadings(signal, ({ pages }) => seen.push(pages));
  assert.equal(await file.text(), 'a,b\n1,2\n3,4\n');
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(asked().slice(0, 2), ['GET /account/export/readings', 'GET /account/export/readings?after=x%20y']);
  assert.equal(withoutHead('a,b'), '');
});

test('an export that goes in circles ends', async () => {
  answers = [csv('a\n1\n', 'x'), csv('a\n1\n', 'x')];
  await assert.rejects(collectReadings(signal, () => {}), /does not go on/);
});
