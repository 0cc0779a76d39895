#!/usr/bin/env node
// Ten times more than the server can carry, from two thousand addresses, while enrolled devices go on with their work;
// then the same against nginx with limit_req and limit_conn.
//
//   [BUILD=DIR] node tests/attack/flood.mjs [SECONDS]
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
const DEVICES = 200;
const ROAMERS = 20; // of them, connecting anew every three seconds
const QUIET_S = SECONDS >= 60 ? 20 : 6;
const TIMES = 10;
const SLOTS = 6000; // connections that the attacker keeps open at once, at most
const RETURN_MS = 15_000; // a device that has lost its network is served again within

const device = (i) => `127.8.${i >> 7}.${(i & 127) + 1}`;
const checks = new Checks();

async function capacity(server) {
  const visits = [];
  for (let round = 0; round < 3; round++) {
    const { done, seconds } = await flood(server, { seconds: 2, connections: 64, addresses: 20000, mix: 'healthz', asks: 1 });
    visits.push(done / seconds);
  }
  return median(visits);
}

// The devices' times while a flood runs, or while nothing does.
async function attacked(server, crowd, pids, seconds, rate) {
  const memory = new MemoryWatch(pids);
  crowd.take();
  const [outcome] = await Promise.all([rate > 0 ? flood(server, { seconds, connections: SLOTS, addresses: 2000, rate: Math.ceil(rate), patience: 1000 }) : null, sleep(seconds * 1000)]);
  memory.stop();
  const times = crowd.take();
  return { outcome, p50: median(times), p99: percentile(times, 0.99), batches: times.length, memory };
}

async function measure(server, pids, devices, seconds, options) {
  const visits = await capacity(server);
  const crowd = new Crowd(server, devices, { roamers: ROAMERS, ...options });
  await crowd.start();
  await sleep(1000);
  const quiet = await attacked(server, crowd, pids, QUIET_S, 0);
  const quietReturns = crowd.returns.splice(0);
  const flooded = await attacked(server, crowd, pids, seconds, visits * TIMES);
  const returns = crowd.returns.splice(0);
  return { visits, crowd, quiet, quietReturns, flooded, returns };
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

function print(ours, theirs) {
  const both = (name, of) => [name, of(ours), theirs === null ? '' : of(theirs)];
  const rows = [
    ['what', 'ours', 'nginx, limit_req and limit_conn'],
    both('visits it can carry, /s', (m) => m.visits.toFixed(0)),
    both('attempts offered, /s', ({ flooded: { outcome: o } }) => perSecond(o.attempts, o)),
    both('times what it can carry', ({ visits, flooded: { outcome: o } }) => (o.attempts / o.seconds / visits).toFixed(1)),
    ...['done', 'refused', 'closed', 'silent', 'dropped'].map((how) => both(`attempts ${how}, /s`, ({ flooded: { outcome: o } }) => perSecond(o[how], o))),
    both('answers to strangers, /s', ({ flooded: { outcome: o } }) => Object.entries(o.statuses).map(([status, count]) => `${status}: ${perSecond(count, o)}`).join(', ')),
    both('devices in quiet, p50 / p99 ms', ({ quiet }) => `${ms(quiet.p50)} / ${ms(quiet.p99)}`),
    both('devices in the flood, p50 / p99 ms', ({ flooded }) => `${ms(flooded.p50)} / ${ms(flooded.p99)}`),
    both('batches acknowledged in the flood', ({ flooded }) => `${flooded.batches}`),
    both('kept connections lost', ({ crowd }) => `${crowd.losses.length}`),
    both('coming back in quiet, p50 / most ms', ({ quietReturns: r }) => `${ms(median(r))} / ${ms(Math.max(...r))}`),
    both('coming back in the flood, p50 / most ms', ({ returns: r }) => `${ms(median(r))} / ${ms(Math.max(...r))} (${r.length})`),
    both('memory before / most in the flood, MB', ({ flooded: { memory } }) => `${memory.first.toFixed(0)} / ${memory.most.toFixed(0)}`),
  ];
  printTable(rows);
}

// Per connection of a stranger: the state of a handshake under way, and what the kernel's buffers do not hold.
const MEMORY_MB = (first) => first + 20 + (SLOTS * 48) / 1024;

const server = await Server.start({ limited: true, settings: { 'limits.account_per_s': 1000 } });
let nginx;
try {
  const begun = Date.now();
  const owner = await Client.login(server, await server.addUser('ada@example.org'), '127.7.0.1');
  const devices = await enrol(owner, DEVICES, device);
  nginx = await Nginx.start(server);
  const pids = pidsOf(server);

  const watch = watchAsOwner(owner);
  const ours = await measure(server, pids, devices, SECONDS, {});
  await watch.stop();
  await ours.crowd.stop();
  const theirs = await measure(nginx, nginx.pids(), devices, Math.min(SECONDS, 30), {});
  await theirs.crowd.stop();
  print(ours, theirs);
  console.log(`owner: p50 ${ms(median(watch.times))}, p99 ${ms(percentile(watch.times, 0.99))} ms`);

  const { outcome, memory } = ours.flooded;
  await checks.check('ten times more was offered than can be carried', () => assert.ok(outcome.attempts / outcome.seconds >= 0.9 * TIMES * ours.visits));
  await checks.check('no device lost its connection or an answer', () => assert.deepEqual(ours.crowd.losses, []));
  await checks.check('the owner was answered each time', () => assert.deepEqual(watch.failures, []));
  await checks.check('devices were served all the time', () => assert.ok(ours.flooded.batches >= 0.8 * (DEVICES - ROAMERS) * SECONDS, `${ours.flooded.batches} batches`));
  await checks.check(`devices that came back were served within ${RETURN_MS} ms`, () => assert.ok(ours.returns.length > 0 && Math.max(...ours.returns) < RETURN_MS));
  await checks.check('strangers met closed doors and 429', () => assert.ok(outcome.refused > 0 && outcome.refused + outcome.silent + outcome.dropped + (outcome.statuses[429] ?? 0) > outcome.attempts / 4));
  await checks.check(`memory stayed under ${MEMORY_MB(memory.first).toFixed(0)} MB`, () => assert.ok(memory.most < MEMORY_MB(memory.first), `${memory.most} MB`));
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
