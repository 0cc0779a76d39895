#!/usr/bin/env node
// Ten times more than the server can carry, from two thousand addresses, while enrolled devices go on with their work;
// then the same against nginx with limit_req and limit_conn.
//
//   [BUILD=DIR] node tests/attack/flood.mjs [SECONDS] [--nginx]
//
// What a server "can carry" is measured first, on this machine and with its attacker on it: visits (connect, handshake,
// one request, its answer) a second, from so many addresses that no limit is met. The flood then offers ten times as
// many new connections a second, of every kind, whatever becomes of those before.

import assert from 'node:assert/strict';
import { Client } from '../integration/lib/client.mjs';
import { Server, sleep, until } from '../integration/lib/server.mjs';
import { Crowd, enrol, median, percentile } from './lib/crowd.mjs';
import { Checks, MemoryWatch, Nginx, flood, pidsOf, printTable } from './lib/machine.mjs';

const SECONDS = Number(process.argv[2] ?? 15);
const IS_LONG = SECONDS >= 60;
const QUIET_S = IS_LONG ? 20 : 5;
const DEVICES = 200;
const ROAMERS = 20; // of them, connecting anew every three seconds
const TIMES = 10;
const SLOTS = 6000; // connections that the attacker keeps open at once, at most
const RETURN_MS = 15_000; // a device that has lost its network is served again within
const MIX = 'hello=30,close=20,handshake=1,healthz=1,login=1,session=1,bearer=1,headers=1,bait=1';

const device = (i) => `127.8.${i >> 7}.${(i & 127) + 1}`;
const checks = new Checks();

// From 300 addresses: the limits of an address keep most of it out. From 20,000: no address does anything remarkable,
// and devices only have that they come first. Sign-ins, as many as the limits of 200 addresses let through.
const attacks = (visits) => ({
  'no attack': { seconds: QUIET_S },
  '300 addresses': { seconds: SECONDS, connections: SLOTS, addresses: 300, rate: Math.ceil(visits * TIMES), patience: 500, mix: MIX },
  '20,000 addresses': { seconds: IS_LONG ? 60 : 8, connections: SLOTS, addresses: 20_000, rate: Math.ceil(visits * TIMES), patience: 500, mix: MIX },
  'sign-ins of 200 addresses': { seconds: IS_LONG ? 30 : 5, connections: 200, addresses: 200, rate: 100, mix: 'login', asks: 1 },
});

async function capacity(server) {
  const visits = [];
  for (let round = 0; round < 3; round++) {
    const { done, seconds } = await flood(server, { seconds: IS_LONG ? 3 : 1, connections: 64, addresses: 20_000, mix: 'healthz', asks: 1 });
    visits.push(done / seconds);
  }
  return median(visits);
}

// What the devices notice of one attack.
async function suffer(server, crowd, pids, { seconds, ...options }) {
  const memory = new MemoryWatch(pids);
  crowd.take();
  crowd.returns.splice(0);
  const begun = crowd.losses.length;
  const [outcome] = await Promise.all([options.connections ? flood(server, { seconds, ...options }) : null, sleep(seconds * 1000)]);
  memory.stop();
  const times = crowd.take();
  return { seconds, outcome, memory, p50: median(times), p99: percentile(times, 0.99), batches: times.length,
    losses: crowd.losses.slice(begun), returns: crowd.returns.splice(0) };
}

async function measure(server, pids, devices) {
  const visits = await capacity(server);
  const crowd = new Crowd(server, devices, { roamers: ROAMERS });
  await crowd.start();
  const results = {};
  for (const [name, options] of Object.entries(attacks(visits))) {
    await sleep(1000);
    results[name] = await suffer(server, crowd, pids, options);
  }
  await crowd.stop();
  return { visits, crowd, results };
}

// An owner who looks at the dashboard meanwhile: the time of each answer.
function watchAsOwner(owner) {
  const times = [];
  const failures = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const begun = performance.now();
      const answer = await owner.get('/api/v1/devices').catch((error) => ({ status: error.message }));
      times.push(performance.now() - begun);
      if (answer.status !== 200) failures.push(answer.status);
      await sleep(250);
    }
  })();
  return { times, failures, stop: () => ((stopped = true), running) };
}

const ms = (value) => (Number.isNaN(value) ? '–' : value < 100 ? value.toFixed(1) : value.toFixed(0));
const perSecond = (count, { seconds }) => (count / seconds).toFixed(0);

function print(name, { visits, results }) {
  const all = Object.values(results);
  const row = (what, of) => [what, ...all.map(of)];
  const ofAttack = (what, of) => row(what, ({ outcome }) => (outcome === null ? '' : of(outcome)));
  console.log(`\n${name}: can carry ${visits.toFixed(0)} visits a second`);
  printTable([
    ['', ...Object.keys(results)],
    ofAttack('attempts/s', (o) => perSecond(o.attempts, o)),
    ofAttack('times what can be carried', (o) => (o.attempts / o.seconds / visits).toFixed(1)),
    ...['done', 'refused', 'closed', 'silent', 'dropped'].map((how) => ofAttack(`  ${how}/s`, (o) => perSecond(o[how], o))),
    ofAttack('answers/s', (o) => Object.entries(o.statuses).map(([status, count]) => `${status}: ${perSecond(count, o)}`).join(', ')),
    row('devices, p50 / p99 ms', (r) => `${ms(r.p50)} / ${ms(r.p99)}`),
    row('batches acknowledged/s', (r) => (r.batches / r.seconds).toFixed(0)),
    row('kept connections lost', (r) => `${r.losses.length}`),
    row('coming back, p50 / most ms', (r) => (r.returns.length === 0 ? '–' : `${ms(median(r.returns))} / ${ms(Math.max(...r.returns))}`)),
    row('memory, MB', (r) => r.memory.most.toFixed(0)),
  ]);
}

// Per connection of a stranger: the state of a handshake under way, and what the kernel's buffers do not hold.
const MEMORY_MB = 40 + Math.ceil((SLOTS * 48) / 1024);

const server = await Server.start({ limited: true, settings: { 'limits.account_per_s': 1000 } });
let nginx;
try {
  const begun = Date.now();
  const owner = await Client.login(server, await server.addUser('ada@example.org'), '127.7.0.1');
  const devices = await enrol(owner, DEVICES, device);
  if (IS_LONG || process.argv.includes('--nginx')) nginx = await Nginx.start(server);
  const pids = pidsOf(server);

  const watch = watchAsOwner(owner);
  const ours = await measure(server, pids, devices);
  await watch.stop();
  print('ours', ours);
  console.log(`owner: p50 ${ms(median(watch.times))}, p99 ${ms(percentile(watch.times, 0.99))} ms`);
  if (nginx !== undefined) print('nginx with limit_req and limit_conn', await measure(nginx, nginx.pids(), devices));

  const { 'no attack': quiet, ...attacked } = ours.results;
  const few = attacked['300 addresses'];
  // A short run is made beside other work, which leaves the attacker less of the machine.
  const least = IS_LONG ? 0.95 * TIMES : 0.3 * TIMES;
  await checks.check(`the flood was ${least} times what can be carried, or more`, () => {
    const times = few.outcome.attempts / few.outcome.seconds / ours.visits;
    assert.ok(times >= least, `${times.toFixed(1)} times`);
  });
  const { refused, attempts, statuses } = few.outcome;
  await checks.check('strangers met closed doors and refusals', () => assert.ok(refused > attempts / 20 && (statuses[429] ?? 0) + (statuses[403] ?? 0) > 0, `${refused} of ${attempts}, ${JSON.stringify(statuses)}`));
  for (const [name, { losses, batches, seconds, returns, memory }] of Object.entries(attacked)) {
    await checks.check(`${name}: no device lost its connection or an answer`, () => assert.deepEqual(losses, []));
    await checks.check(`${name}: devices were served all the time`, () => assert.ok(batches >= 0.8 * (DEVICES - ROAMERS) * seconds, `${batches} batches`));
    await checks.check(`${name}: devices that came back were served`, () => assert.ok(returns.length > 0 && Math.max(...returns) < RETURN_MS, `${returns}`));
    await checks.check(`${name}: memory stayed under ${MEMORY_MB} MB`, () => assert.ok(memory.most < MEMORY_MB, `${memory.most} MB`));
  }
  await checks.check('the owner was answered each time', () => assert.deepEqual(watch.failures, []));
  await checks.check('no process has ended', () => assert.deepEqual(pidsOf(server), pids));
  await checks.check('afterwards a stranger is served at once', () =>
    until('served', async () => (await new Client(server, {}, '127.7.0.2').get('/healthz')).status === 200));
  await checks.check('everything acknowledged is there', async () => {
    const count = await ours.crowd.compare(owner, begun);
    assert.ok(count > 0);
    console.log(`       ${count} batches of ${DEVICES} devices`);
  });
} finally {
  await nginx?.stop();
  await server.stop();
}
checks.end();
