// A proof of work: a decimal number that, behind a form and a full stop, hashes to as many leading
// zero bits as asked for. A person waits a moment for it while typing; a script pays for each try.

import { BLOCK, compress, pad, paddedLength, startState } from './sha256.ts';

const DIGITS_MAX = 16;
export const BITS_MAX = 32; // hours of work: no server asks for it

export interface Task {
  form: string;
  bits: number;
}

// Tries count numbers from first on. null: none of them is it.
export function tryNumbers({ form, bits }: Task, first: number, count: number): string | null {
  const prefix = new TextEncoder().encode(`${form}.`);
  const whole = prefix.length - (prefix.length % BLOCK); // hashed once, the same for every try
  const middle = startState();
  for (let at = 0; at < whole; at += BLOCK) compress(middle, prefix, at);
  const rest = prefix.subarray(whole);
  const bytes = new Uint8Array(paddedLength(rest.length + DIGITS_MAX));
  bytes.set(rest);

  const state = startState();
  const wanted = bits === 0 ? 0 : -1 << (32 - bits);
  for (let number = first; number < first + count; number++) {
    const text = String(number);
    for (let i = 0; i < text.length; i++) bytes[rest.length + i] = text.charCodeAt(i);
    const end = rest.length + text.length;
    const length = pad(bytes, end, whole + end);
    state.set(middle);
    for (let at = 0; at < length; at += BLOCK) compress(state, bytes, at);
    if ((state[0]! & wanted) === 0) return text;
  }
  return null;
}

// In slices, so that whoever runs this can do something else in between.
export function* solve(task: Task, slice = 20_000): Generator<void, string> {
  if (!Number.isInteger(task.bits) || task.bits < 0 || task.bits > BITS_MAX) throw new RangeError(`no such work: ${task.bits} bits`);
  for (let first = 0; ; first += slice) {
    const found = tryNumbers(task, first, slice);
    if (found !== null) return found;
    yield;
  }
}
