#!/usr/bin/env node
// Is an e-mail address known to the server? Whoever may only try to sign in looks at the answer and at the time it takes:
// tries for an address that has an account and for one that has none, in random order, and two tests whether their times
// come from one distribution.
//
//   [BUILD=DIR] [LONG=1] node tests/attack/timing.mjs

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { Client } from '../integration/lib/client.mjs';
import { Server } from '../integration/lib/server.mjs';
import { median } from './lib/crowd.mjs';
import { Checks } from './lib/machine.mjs';
import { kolmogorovSmirnov, mannWhitney } from './lib/statistics.mjs';

const TRIES = process.env.LONG ? 2000 : 150; // of each
const WARM_UP = 10;
const ADDRESSES = 8; // that they come from, in turn
const SURE = 0.001; // below this, two samples are told apart

const checks = new Checks();
const tests = { 'Mann-Whitney U': mannWhitney, 'Kolmogorov-Smirnov': kolmogorovSmirnov };
const describe = (a, b) => Object.entries(tests).map(([name, test]) => `${name} p = ${test(a, b).toPrecision(3)}`).join(', ');

function shuffle(list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

// Times as machines have them: most about as long, some much longer.
function synthetic(count, factor) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Array.from({ length: count }, () => factor * 60 * Math.exp(0.08 * normal() + (Math.random() < 0.05 ? Math.random() : 0)));
}

// A test that sees nothing would pass everything.
function seesThreePercent() {
  for (const [name, test] of Object.entries(tests)) {
    assert.ok(test(synthetic(2000, 1), synthetic(2000, 1.03)) < SURE, `${name} does not see 3 % in 2,000`);
    let alarms = 0;
    for (let i = 0; i < 40; i++) alarms += test(synthetic(2000, 1), synthetic(2000, 1)) < 0.01;
    assert.ok(alarms <= 4, `${name} tells ${alarms} of 40 equal pairs apart`);
  }
}

// By hand: of the 100 pairs 28 are the other way round, so z = (50 - 28 - 0.5) / sqrt(175). And the points of 5 % and 1 % in
// the tables of Kolmogorov's distribution, 1.358 and 1.628, lie between shifts of 60 and 61, and of 72 and 73, in 1,000.
function agreesWithTheBooks() {
  const x = Array.from({ length: 10 }, (_, i) => 1.1 * (i + 1));
  const p = mannWhitney(x, x.map((value) => value + 3));
  assert.ok(Math.abs(p - 0.1041) < 1e-4, `${p}`);
  assert.ok(mannWhitney(x, x) > 0.96);
  const line = Array.from({ length: 1000 }, (_, i) => i);
  const shifted = (by) => kolmogorovSmirnov(line, line.map((value) => value + by));
  assert.equal(shifted(0), 1);
  assert.ok(shifted(60) > 0.05 && shifted(61) < 0.05, `${shifted(60)}, ${shifted(61)}`);
  assert.ok(shifted(72) > 0.01 && shifted(73) < 0.01, `${shifted(72)}, ${shifted(73)}`);
}

function whatIsSaid({ status, headers, text }) {
  const { date, ...others } = headers;
  assert.match(date, /GMT$/);
  return JSON.stringify({ status, others, text });
}

await checks.check('the tests see a difference of 3 % in 2,000 tries, and none where there is none', async () => seesThreePercent());
await checks.check('the tests give the answers of the books', async () => agreesWithTheBooks());

const server = await Server.start();
try {
  await server.addUser('ada@example.org');
  const clients = Array.from({ length: ADDRESSES }, (_, i) => new Client(server, {}, `127.4.0.${i + 1}`));
  const times = { known: [], unknown: [] };
  const said = { known: new Set(), unknown: new Set() };
  const emails = { known: 'ada@example.org', unknown: 'eve@example.org' }; // of one length
  const order = shuffle(Array.from({ length: 2 * TRIES }, (_, i) => (i % 2 ? 'known' : 'unknown')));
  const go = async (kind, number) => {
    const begun = process.hrtime.bigint();
    const answer = await clients[number % ADDRESSES].post('/api/v1/login', { email: emails[kind], password: 'not the password' });
    return { ms: Number(process.hrtime.bigint() - begun) / 1e6, answer };
  };
  for (let i = 0; i < WARM_UP * ADDRESSES; i++) await go(i % 2 ? 'known' : 'unknown', i);
  for (const [number, kind] of order.entries()) {
    const { ms, answer } = await go(kind, number);
    times[kind].push(ms);
    said[kind].add(whatIsSaid(answer));
  }
  console.log(`       ${TRIES} tries each; median ${median(times.known).toFixed(2)} ms known, ${median(times.unknown).toFixed(2)} ms unknown; ${describe(times.known, times.unknown)}`);
  await checks.check('one answer, to the last byte of its fields but the date', async () => {
    assert.deepEqual([said.known.size, said.unknown.size], [1, 1]);
    assert.deepEqual(said.known, said.unknown);
    assert.match([...said.known][0], /"status":401/);
  });
  for (const [name, test] of Object.entries(tests)) {
    await checks.check(`${name} cannot tell the times apart`, async () => {
      const p = test(times.known, times.unknown);
      assert.ok(p >= SURE, `p = ${p}`);
    });
  }
  if (process.env.LONG) {
    await checks.check('the same times, one kind 3 % longer, are told apart', async () => {
      const longer = times.unknown.map((ms) => 1.03 * ms);
      console.log(`       with 3 % added: ${describe(times.known, longer)}`);
      for (const test of Object.values(tests)) assert.ok(test(times.known, longer) < SURE);
    });
  }
} finally {
  await server.stop();
}
checks.end();
