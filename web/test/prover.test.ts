import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, mock, test } from 'node:test';
import { Problem } from '../src/client.ts';
import { Prover } from '../src/prover.ts';
import type { Proof } from '../src/types.ts';

let forms = 0;
let solved = 0;
let workers: 'work' | 'fail' | 'absent' = 'work';

globalThis.fetch = (async () => Response.json({ form: `form-${++forms}`, bits: 8, password_min: 12, disposable_mail: 'warn' })) as typeof fetch;

// As a browser's worker, in the same thread.
class FakeWorker {
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  constructor() {
    if (workers === 'absent') throw new TypeError('blocked');
  }
  postMessage({ form, bits }: { form: string; bits: number }): void {
    setImmediate(() => {
      if (workers === 'fail') return this.onerror?.({ preventDefault() {} });
      solved++;
      for (let n = 0; ; n++) if (isProof({ form, work: String(n) }, bits)) return this.onmessage?.({ data: String(n) });
    });
  }
  terminate(): void {}
}
Object.assign(globalThis, { Worker: FakeWorker });

const isProof = ({ form, work }: Proof, bits = 8) => createHash('sha256').update(`${form}.${work}`).digest()[0]! >>> (8 - bits) === 0;
const refusal = (field: string) => new Problem('invalid-value', 422, 'No', 'No', null, field);

let now = 1_000_000;
const waits: number[] = [];
mock.method(Date, 'now', () => now);
const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = ((call: () => void, ms = 0) => {
  if (ms > 0) waits.push(ms);
  now += ms;
  return realTimeout(call, 0);
}) as typeof setTimeout;

beforeEach(() => {
  forms = 0;
  solved = 0;
  workers = 'work';
  waits.length = 0;
});

test('begins once, however often it is told, and gives each proof away once', async () => {
  const prover = new Prover('register');
  prover.begin();
  prover.begin();
  const first = await prover.take();
  assert.ok(isProof(first));
  assert.equal(forms, 1);
  assert.equal(solved, 1);
  assert.notEqual((await prover.take()).form, first.form);
});

test('waits until the server would take the form', async () => {
  await new Prover('register').take();
  assert.deepEqual(waits, [3200]);
  const prover = new Prover('register');
  await prover.form();
  now += 10_000;
  waits.length = 0;
  await prover.take();
  assert.deepEqual(waits, []);
});

test('a form that has lain for an hour is replaced before it is used', async () => {
  const prover = new Prover('register');
  await prover.form();
  now += 56 * 60_000;
  assert.equal((await prover.take()).form, 'form-2');
});

test('a stale form is replaced unseen, once', async () => {
  const prover = new Prover('register');
  const sent: string[] = [];
  const answer = await prover.send(async ({ form }) => {
    sent.push(form);
    if (sent.length === 1) throw refusal('form');
    return 'done';
  });
  assert.equal(answer, 'done');
  assert.deepEqual(sent, ['form-1', 'form-2']);
  await assert.rejects(prover.send(async () => Promise.reject(refusal('form'))), { field: 'form' });
  assert.equal(forms, 4);
});

test('another refusal is told, and the next proof is begun meanwhile', async () => {
  const prover = new Prover('register');
  await assert.rejects(prover.send(async () => Promise.reject(refusal('password'))), { field: 'password' });
  await new Promise((done) => setImmediate(done));
  assert.equal(forms, 2);
});

test('a page in which no worker starts solves by itself', async () => {
  for (const how of ['fail', 'absent'] as const) {
    workers = how;
    assert.ok(isProof(await new Prover('register').take()), how);
  }
});

test('a server that gives no form is asked again by the next try', async () => {
  const real = globalThis.fetch;
  globalThis.fetch = (async () => Promise.reject(new TypeError('offline'))) as typeof fetch;
  const prover = new Prover('register');
  await assert.rejects(prover.take(), { kind: 'unreachable' });
  globalThis.fetch = real;
  assert.ok(isProof(await prover.take()));
});
