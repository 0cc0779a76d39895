#!/usr/bin/env node
// slowhttptest in its four modes at once, 2,000 connections from 20 addresses, while devices go on with their work:
// against the server as it is with nothing configured, and with every limit out of the way, so that the deadlines have
// to do it alone.
//
//   [BUILD=DIR] [LONG=1] node tests/attack/slow.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '../integration/lib/client.mjs';
import { Server, sleep } from '../integration/lib/server.mjs';
import { Crowd, enrol, median, percentile } from './lib/crowd.mjs';
import { Checks, MemoryWatch, pidsOf, printTable } from './lib/machine.mjs';
import { ConnectionWatch, enterOwnNetwork, visitor } from './lib/network.mjs';

const VISITORS = 20;
enterOwnNetwork(VISITORS);

const IS_LONG = Boolean(process.env.LONG);
const QUIET_S = IS_LONG ? 20 : 4;
const EACH = 100; // connections of one visitor
const CONNECTING_S = 4;
const GRACE_S = 3; // for a busy machine

// The deadlines of server/edge/limits.h, with five seconds for the hello, which a starved client takes its time over, and two
// for the goodbye. Who reads slowly what fits into the kernel's buffers, or has asked and says nothing more, is idle; only the
// long run waits for that.
const MODES = {
  'slow headers': { args: ['-H', '-i', '2', '-x', '24'], path: '/', held_s: 5 + 10 + 2 },
  'slow body': { args: ['-B', '-i', '2', '-x', '10', '-s', '8192', '-f', 'application/json'], path: '/api/v1/login', held_s: 5 + 15 + 2 },
  'slow read': { args: ['-X', '-n', '2', '-w', '64', '-y', '128', '-z', '16', '-k', '8'], path: '/openapi.json', held_s: 5 + 75 + 2 },
  'ranges': { args: ['-R', '-t', 'HEAD', '-a', '1', '-b', '3000'], path: '/', held_s: 5 + 75 + 2 },
};
const visitorsOf = (mode) => Array.from({ length: VISITORS / 4 }, (_, i) => visitor(1 + i * 4 + Object.keys(MODES).indexOf(mode)));

const checks = new Checks();

const isRunning = (child) => child.exitCode === null && child.signalCode === null;

// slowhttptest asks poll(2) in a circle without ever waiting. Once all have connected, they do so one at a time.
const circling = [];
let turn = 0;
setInterval(() => {
  if (circling.length === 0) return;
  circling[turn++ % circling.length].kill('SIGSTOP');
  circling[turn % circling.length].kill('SIGCONT');
}, 50).unref();

async function slowly(server, seconds) {
  const children = Object.entries(MODES).flatMap(([mode, { args, path }]) =>
    visitorsOf(mode).map((address) =>
      // Its hunger for the processor is not what is tried: attackers have machines of their own.
      spawn('chrt', ['--idle', '0', 'slowhttptest', ...args, '-c', `${EACH}`, '-r', `${EACH}`, '-l', `${seconds}`, '-p', '3', '-u', `https://${address}:${server.port}${path}`], { stdio: 'ignore' }),
    ),
  );
  await sleep(CONNECTING_S * 1000);
  for (const child of children) child.kill('SIGSTOP');
  circling.push(...children);
  await sleep((seconds - CONNECTING_S) * 1000);
  for (const child of children) circling.splice(circling.indexOf(child), 1);
  for (const child of children.filter(isRunning)) {
    child.kill('SIGCONT');
    child.kill('SIGINT');
  }
  await Promise.all(children.filter(isRunning).map((child) => once(child, 'exit')));
}

// The p99 of each second, and of all of it.
async function listen(crowd, seconds) {
  const each = [];
  const all = [];
  crowd.take();
  for (let s = 0; s < seconds; s++) {
    await sleep(1000);
    const times = crowd.take();
    all.push(...times);
    each.push(percentile(times, 0.99));
  }
  return { typical: median(each), p50: median(all), p99: percentile(all, 0.99), batches: all.length };
}

async function peopled(options) {
  const server = await Server.start({ address: '0.0.0.0', ...options });
  const owner = await Client.login(server, await server.addUser('ada@example.org'), '127.7.0.1');
  const devices = await enrol(owner, 40, (i) => `127.8.0.${i + 1}`);
  const crowd = new Crowd(server, devices, { every_ms: 150, roamers: 4, roam_ms: 2000 });
  await crowd.start();
  return { server, crowd };
}

// Beside the server that is attacked stands one that is not: what its devices notice is other work on the machine.
async function attack(name, seconds, options) {
  const { server, crowd } = await peopled(options);
  const beside = await peopled(options);
  try {
    await sleep(500);
    const quiet = await listen(crowd, QUIET_S);
    const memory = new MemoryWatch(pidsOf(server));
    const watch = new ConnectionWatch(server.port);
    const [slow, spared] = await Promise.all([listen(crowd, seconds), listen(beside.crowd, seconds), slowly(server, seconds)]);
    memory.stop();
    watch.stop();
    await Promise.all([crowd.stop(), beside.crowd.stop()]);
    judge(name, seconds, { crowd, quiet, slow, spared, memory, watch });
    return [name, quiet, slow, spared, memory];
  } finally {
    await server.stop();
    await beside.server.stop();
  }
}

function judge(name, seconds, { crowd, quiet, slow, spared, memory, watch }) {
  const check = (what, ask) => checks.check(`${name}: ${what}`, ask);
  for (const [mode, { held_s }] of Object.entries(MODES)) {
    const { count, longest_s, addresses } = watch.from(visitorsOf(mode));
    console.log(`${name}: ${mode}: ${count} connections from ${addresses} addresses, held for ${longest_s.toFixed(1)} s at most`);
    check(`${mode} came from all its addresses`, () => assert.equal(addresses, VISITORS / 4));
    if (held_s + GRACE_S < seconds) check(`${mode} is let go after ${held_s} s`, () => assert.ok(longest_s < held_s + GRACE_S, `${longest_s} s`));
  }
  check('no device was refused or cut off', () => assert.deepEqual([crowd.losses, crowd.failed_attempts], [[], 0]));
  check('devices that came back were served', () => assert.ok(crowd.returns.length > 10));
  // In a typical second; on an idle machine a few milliseconds are nothing.
  const usual = Math.max(quiet.typical, spared.typical, 3);
  check('the p99 of a device has at most doubled', () => assert.ok(slow.typical <= 2 * usual, `${usual} → ${slow.typical} ms`));
  check(`memory stayed under ${MEMORY_MB} MB`, () => assert.ok(memory.most < MEMORY_MB, `${memory.most} MB`));
}

// The processes themselves, and a TLS state with half a request for each connection that is held.
const MEMORY_MB = 40 + (VISITORS * EACH * 40) / 1024;

const rows = [
  await attack('default limits', IS_LONG ? 95 : 10, { limited: true, settings: { 'limits.account_per_s': 1000 } }),
  await attack('limits loosened', IS_LONG ? 95 : 27, {}),
];
const ms = (value) => value.toFixed(1);
printTable([
  ['p50 / p99 ms; p99 of a typical second', 'before', 'attacked', 'meanwhile, not attacked', 'memory, MB'],
  ...rows.map(([name, ...times]) => [name, ...times.slice(0, 3).map((t) => `${ms(t.p50)} / ${ms(t.p99)}; ${ms(t.typical)}`), `${times[3].first.toFixed(0)} → ${times[3].most.toFixed(0)}`]),
]);
checks.end();
