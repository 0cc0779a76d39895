// What a page shows before it may register or have a mail sent: a form of the server's, some seconds old, with its work done.

import { createHash } from 'node:crypto';
import { is } from './expect.mjs';
import { sleep } from './server.mjs';

export const FORM_LEAST_MS = 3000;

function zeroBits(digest) {
  let bits = 0;
  for (const byte of digest) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

// A number that makes the hash of "form.number" begin with so many zero bits.
export function solve({ form, bits }) {
  const begun = createHash('sha256').update(`${form}.`);
  for (let number = 0; ; number++) if (zeroBits(begun.copy().update(String(number)).digest()) >= bits) return String(number);
}

// `wanted`: 'registration', or 'mail' for whatever an account that there is may have mailed.
export async function form(client, wanted = 'registration') {
  return is(await client.get(`/api/v1/registration-form${wanted === 'registration' ? '' : `?for=${wanted}`}`), 200);
}

// { form, work } that the server takes now.
export async function proof(client, wanted) {
  const given = await form(client, wanted);
  const made = Date.now();
  const work = solve(given);
  await sleep(Math.max(0, made + FORM_LEAST_MS + 20 - Date.now()));
  return { form: given.form, work };
}

// So many of them, for the wait of one.
export async function proofs(client, count, wanted) {
  const given = [];
  for (let i = 0; i < count; i++) given.push(await form(client, wanted));
  const made = Date.now();
  const solved = given.map((one) => ({ form: one.form, work: solve(one) }));
  await sleep(Math.max(0, made + FORM_LEAST_MS + 20 - Date.now()));
  return solved;
}
