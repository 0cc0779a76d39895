#!/usr/bin/env node
// All integration tests, a few files at a time: most of them wait for clocks. Ends with "N passed, N failed".
//
//   [BUILD=DIR] [LONG=1] node tests/integration/run.mjs [NAME...]     NAME: account, device, ...

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const AT_ONCE = 4;
const LATE_MS = process.env.LONG ? 3_600_000 : 420_000;
const directory = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
// The slow ones first, so that none is left over at the end.
const FIRST = ['mail', 'prove', 'sandbox', 'slow', 'events', 'keyring', 'device', 'process'];
const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.test.mjs'))
  .map((file) => file.replace('.test.mjs', ''))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort((a, b) => rank(a) - rank(b));

const total = { passed: 0, failed: 0 };

// One file in a process of its own. What it said is shown when it has ended, all of it only if it failed.
async function runFile(name) {
  const start = Date.now();
  const child = spawn(process.execPath, ['--test-reporter=tap', join(directory, `${name}.test.mjs`)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const late = setTimeout(() => child.kill('SIGTERM'), LATE_MS); // a server left over by a failed test keeps its file alive
  const code = await new Promise((done) => child.on('close', done));
  clearTimeout(late);
  const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  const failed = Math.max(count('fail') + count('cancelled'), code === 0 ? 0 : 1);
  total.passed += count('pass');
  total.failed += failed;
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${count('pass')} passed, ${failed} failed, ${count('skipped')} left out, ${seconds} s`);
  if (failed > 0) console.log(stdout + stderr);
  else for (const line of stdout.split('\n')) if (/^(?!ok|not ok)[a-z][^:]*: .*\d/.test(line)) console.log(`       ${line}`); // measurements
}

const queue = [...names];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (queue.length > 0) await runFile(queue.shift());
  }),
);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
