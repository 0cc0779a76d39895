#!/usr/bin/env node
// A thousand scripted registrations at a server as it is with nothing configured, each without what a page does for a person:
// none of them gets a mail. And what it costs the core to see that.
//
//   [BUILD=DIR] node tests/attack/bots.mjs

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client } from '../integration/lib/client.mjs';
import { sql } from '../integration/lib/database.mjs';
import { kindsTo, mailsOf } from '../integration/lib/mailbox.mjs';
import { form, proof, solve } from '../integration/lib/proof.mjs';
import { PASSWORD, SLOWER, Server, sleep } from '../integration/lib/server.mjs';
import { Checks } from './lib/machine.mjs';

const PER_KIND = 136; // seven kinds, and what takes work
const WITH_WORK = 50;
const PER_ADDRESS = 2; // as many registrations a minute as an address may try
const AT_ONCE = 20;

const checks = new Checks();
const server = await Server.start({ limited: true });
let address = 0;

// Another address of this machine each time.
function stranger() {
  const at = ++address;
  return new Client(server, {}, `127.9.${at >> 8}.${at & 255}`);
}

const register = (client, email, shown) => client.post('/api/v1/registration', { email, password: PASSWORD, website: '', ...shown });
const madeUp = () => randomBytes(66).toString('base64url');

// A form whose number took long is left.
async function solvedAtOnce(client) {
  for (;;) {
    const begun = Date.now();
    const given = await form(client);
    const work = solve(given);
    if (Date.now() - begun < 2000) return { form: given.form, work };
  }
}

// What each kind of script sends, given a client: the rest of the body.
const KINDS = {
  'no form': async () => ({}),
  'a made-up form': async () => ({ form: madeUp(), work: '1' }),
  'a form without work': async (client) => ({ form: (await form(client)).form, work: '0' }),
  'work for another form': async (client) => ({ form: (await form(client)).form, work: spare.work }),
  'a form that was used': async () => used,
  'a form of before the server was started': async () => old,
  'solved within the three seconds': solvedAtOnce,
  'the hidden field filled in': async () => ({ ...spare, website: 'https://spam.example' }),
};

// All of a list, so many at once.
async function each(list, at_once, work) {
  const left = [...list];
  await Promise.all(
    Array.from({ length: at_once }, async () => {
      for (let one; (one = left.pop()) !== undefined; ) await work(one);
    }),
  );
}

const old = await proof(stranger());
await server.terminate();
await server.start();

const spare = await proof(stranger());
const used = await proof(stranger());
const first = await register(stranger(), 'person@example.org', used);
await checks.check('whoever does what a page does gets a mail', async () => {
  assert.equal(first.status, 202, first.text);
  assert.deepEqual(await kindsTo(server, 'person@example.org'), ['confirm-signup']);
});

// Two registrations from each address.
async function attack(what, count, show) {
  const statuses = {};
  const addresses = Array.from({ length: count / PER_ADDRESS }, (_, i) => i);
  await each(addresses, count === WITH_WORK ? 1 : AT_ONCE, async (at) => {
    const client = stranger();
    for (let i = 0; i < PER_ADDRESS; i++) {
      const { status } = await register(client, `bot${at}-${i}@${what.replaceAll(' ', '-')}.example`, await show(client));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    client.close();
  });
  return statuses;
}

let total = 0;
for (const [what, show] of Object.entries(KINDS)) {
  const count = what.startsWith('solved') ? WITH_WORK : PER_KIND;
  total += count;
  await checks.check(`${count} registrations: ${what}`, async () => {
    assert.deepEqual(await attack(what, count, show), { [what.startsWith('the hidden') ? 202 : 422]: count });
  });
}

await checks.check(`${total} scripted registrations and a person's: one mail, the person's; no account, no sign-up of theirs`, async () => {
  assert.deepEqual((await mailsOf(server)).map(({ to }) => to), ['person@example.org']);
  assert.deepEqual(sql(server, 'SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM signup)'), [[0, 1]]);
});
await server.stop();

// Microseconds of the core's processor time for each of these, over kept connections. The clock of /proc has 10 ms: so many are asked.
const ASKED = 20_000;
const open = await Server.start();
const [core] = open.pidsOf('core');

function cpu_us() {
  const fields = readFileSync(`/proc/${core}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000; // utime, stime; 100 ticks a second
}

async function cost_us(ask) {
  const clients = Array.from({ length: AT_ONCE }, () => new Client(open));
  const before = cpu_us();
  await each(Array.from({ length: ASKED }, (_, i) => i), AT_ONCE, (i) => ask(clients[i % AT_ONCE]));
  const spent = cpu_us() - before;
  for (const client of clients) client.close();
  return spent / ASKED;
}

await checks.check('to see that a proof is none costs microseconds', async () => {
  const given = await form(new Client(open));
  await sleep(3100);
  const bare = await cost_us(async (client) => assert.equal((await client.get('/healthz')).status, 200));
  const refused = await cost_us(async (client) => assert.equal((await register(client, 'bot@example.org', { form: given.form, work: '0' })).status, 422));
  console.log(`       of the core's time: ${refused.toFixed(1)} us a refused registration, ${bare.toFixed(1)} us a request that asks nothing`);
  assert.ok(refused < 200 * SLOWER, `${refused} us`);
});
await open.stop();
checks.end();
