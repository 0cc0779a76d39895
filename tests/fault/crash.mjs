#!/usr/bin/env node
// Kill -9 at random moments under load; what was acknowledged must be there afterwards, once.
//
//   node tests/fault/crash.mjs [ROUNDS] [--long] [--seed N]
//
// A round is a moment of load, a kill (an edge, the core, both, the parent, or everything), whatever start is
// needed, and a comparison of what the API shows with what it has acknowledged. The load goes on meanwhile.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from '../integration/lib/client.mjs';
import { Server, run, sleep, until } from '../integration/lib/server.mjs';
import { DeviceLoad, OwnerLoad } from './load.mjs';

const DEVICES = 6;
const arguments_ = process.argv.slice(2);
const valueOf = (name) => (arguments_.includes(name) ? Number(arguments_[arguments_.indexOf(name) + 1]) : undefined);
const rounds = arguments_.includes('--long') ? 2000 : /^\d+$/.test(arguments_[0] ?? '') ? Number(arguments_[0]) : 100;
const seed = valueOf('--seed') ?? (Date.now() & 0x7fffffff);

// mulberry32: the same seed makes the same choices.
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const tally = { passed: 0, failed: 0 };
const killed = {};
let server, owner, devices, loads;

const KILLS = {
  edge: () => killOne('edge'),
  core: () => killOne('core'),
  'edge and core': () => {
    killOne('edge');
    killOne('core');
  },
  parent: () => server.kill(),
  everything: () => {
    for (const { pid } of server.children()) killPid(pid);
    return server.kill();
  },
};

function killOne(name) {
  const pids = server.pidsOf(name);
  if (pids.length > 0) killPid(pick(pids));
}

function killPid(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it was about to die by itself
  }
}

async function check(name, work) {
  try {
    await work();
    tally.passed++;
  } catch (error) {
    tally.failed++;
    console.error(`seed ${seed}, ${name}: ${error.stack}`);
  }
}

async function round(number) {
  await sleep(50 + random() * 250);
  const kind = pick(Object.keys(KILLS));
  killed[kind] = (killed[kind] ?? 0) + 1;
  const moment = Date.now();
  await KILLS[kind]();
  if (!server.isRunning) await server.start();
  await until('it answers again', async () => (await owner.client.get('/healthz')).status === 200, 10_000);
  const away = Date.now() - moment;
  await check(`round ${number} (${kind})`, async () => {
    if (away > 2000) throw new Error(`away for ${away} ms`);
    for (const load of loads) load.throwIfWrong();
    for (const load of loads) await load.compare();
  });
  return away;
}

async function begin() {
  server = await Server.start();
  const { email } = await server.addUser('ada@example.org');
  const ada = await Client.login(server, { email });
  devices = [];
  for (let i = 0; i < DEVICES; i++) devices.push(await DeviceLoad.make(ada, random));
  owner = new OwnerLoad(ada, devices, random);
  loads = [...devices, owner];
  for (const load of loads) load.run();
}

// Nothing runs any more: now everything has to agree to the last digit.
async function end() {
  await Promise.all(loads.map((load) => load.finish()));
  await check('at the end', () => compareAll());
  await check('SIGTERM', async () => {
    const code = await server.terminate();
    if (code !== 0) throw new Error(`exit ${code}`);
  });
  if (spawnSync('sqlite3', ['--version']).error === undefined) {
    await check('integrity of the database', async () => {
      const args = [join(server.data, 'db', 'oceanremote.db'), 'PRAGMA integrity_check; PRAGMA foreign_key_check'];
      const { stdout, stderr } = await run(args, { program: 'sqlite3' });
      if (stdout !== 'ok\n') throw new Error(stdout + stderr);
    });
  } else {
    console.log('sqlite3 is not here: PRAGMA integrity_check left out');
  }
  await server.start();
  await check('after a start', () => compareAll());
  await server.stop();
}

async function compareAll() {
  for (const load of loads) {
    load.throwIfWrong();
    await load.compareExactly();
  }
}

const start = Date.now();
await begin();
const aways = [];
for (let number = 1; number <= rounds && tally.failed < 5; number++) aways.push(await round(number));
await end();

aways.sort((a, b) => a - b);
const batches = devices.reduce((sum, device) => sum + device.batches, 0);
console.log(`killed: ${Object.entries(killed).map(([kind, count]) => `${kind} ${count}`).join(', ')}; seed ${seed}`);
console.log(`away: median ${aways[aways.length >> 1]} ms, most ${aways.at(-1)} ms; ${((Date.now() - start) / 1000).toFixed(0)} s`);
console.log(`acknowledged: ${batches} batches, ${owner.patches} switches, ${owner.accounts.length} accounts, ${owner.added.size} devices`);
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
