import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sha256 } from '../src/sha256.ts';
import { BITS_MAX, solve, tryNumbers } from '../src/work.ts';

const theirs = (message: Uint8Array | string) => createHash('sha256').update(message).digest('hex');
const ours = (message: Uint8Array) => Buffer.from(sha256(message)).toString('hex');

// How many zero bits a digest begins with, counted in another way than the solver does.
function zeroBits(hex: string): number {
  const bits = [...hex].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  return bits.indexOf('1');
}

test('SHA-256 agrees with another implementation at every length around its blocks', () => {
  for (let length = 0; length <= 200; length++) {
    const message = randomBytes(length);
    assert.equal(ours(message), theirs(message), `${length} bytes`);
  }
  assert.equal(ours(new TextEncoder().encode('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'); // FIPS 180-4
});

function solution(form: string, bits: number): string {
  const steps = solve({ form, bits }, 500);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

test('a solution has as many zero bits as asked for, whatever the length of the form', () => {
  for (const length of [1, 38, 39, 46, 47, 54, 55, 62, 63, 64, 88, 120, 200]) {
    const form = randomBytes(length).toString('base64url').slice(0, length);
    for (const bits of [0, 1, 7, 8, 9, 12]) {
      const work = solution(form, bits);
      assert.match(work, /^\d+$/);
      assert.ok(zeroBits(theirs(`${form}.${work}`)) >= bits, `${form} ${work}`);
    }
  }
});

test('no number before the solution would have done', () => {
  const work = Number(solution('form', 10));
  for (let number = 0; number < work; number++) assert.ok(zeroBits(theirs(`form.${number}`)) < 10, String(number));
  assert.equal(tryNumbers({ form: 'form', bits: 10 }, 0, work), null);
  assert.equal(tryNumbers({ form: 'form', bits: 10 }, 0, work + 1), String(work));
});

test('a known solution, for whoever checks it on the other side', () => {
  assert.equal(solution('oceanremote', 16), '21767');
  assert.equal(theirs('oceanremote.21767').slice(0, 4), '0000');
});

test('work that nobody can do is refused', () => {
  for (const bits of [-1, 1.5, BITS_MAX + 1, Number.NaN]) assert.throws(() => solve({ form: 'f', bits }).next(), RangeError);
});
