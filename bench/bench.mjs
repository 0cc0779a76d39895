#!/usr/bin/env node
// ./dev bench: the server beside nginx on this machine, in alternating rounds; medians of the ratios.
//
// Client and servers share the cores, so requests/s contain the client's cost, the same for both; CPU a request is
// the figure to trust. Leave the machine alone while it runs.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD, Server, sleep } from '../tests/integration/lib/server.mjs';
import { Client } from '../tests/integration/lib/client.mjs';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 3 : 7;
const SECONDS = quick ? 1 : 3;
const IDLE_DEVICES = quick ? 500 : 5000;
const LOAD = join(BUILD, 'ocean-load');

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const range = (list, digits) => `[${Math.min(...list).toFixed(digits)}–${Math.max(...list).toFixed(digits)}]`;

function load(args) {
  const done = spawnSync(LOAD, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`ocean-load ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => probe.once('listening', ready));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

// nginx with our certificate and `return 204`: the least that any server does for a request over the same TLS.
class Nginx {
  static async start(directory, data) {
    const nginx = new Nginx();
    const port = await freePort();
    nginx.url = `https://127.0.0.1:${port}`;
    mkdirSync(join(directory, 'tmp'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/tmp;`);
    writeFileSync(
      join(directory, 'nginx.conf'),
      `worker_processes 2; daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
       worker_rlimit_nofile 20000; events { worker_connections 9000; }
       http { access_log off; ${temporary.join(' ')} keepalive_requests 1000000000; keepalive_timeout 1h;
         server { listen 127.0.0.1:${port} ssl reuseport backlog=4096; ssl_protocols TLSv1.3;
           ssl_certificate ${data}/keys/server.pem; ssl_certificate_key ${data}/keys/server-key.pem;
           location / { return 204; } } }`,
    );
    nginx.process = spawn('nginx', ['-c', join(directory, 'nginx.conf')], { stdio: 'ignore' });
    await sleep(500);
    return nginx;
  }
  stop() {
    this.process.kill('SIGTERM');
  }
}

function compare(connections, sessions, ca, nginx) {
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) {
    const common = ['run', '--sessions', sessions, '--connections', `${connections}`, '--seconds', `${SECONDS}`, '--json'];
    const ours = JSON.parse(load(common));
    const theirs = JSON.parse(load([...common, '--server', nginx.url, '--ca', ca]));
    if (ours.refused > 0) throw new Error(`${ours.refused} requests were refused`);
    rounds.push({ ours, theirs, cpu: ours.server_cpu_us / theirs.server_cpu_us, rate: ours.requests_per_s / theirs.requests_per_s });
  }
  const of = (pick) => median(rounds.map(pick));
  return {
    connections,
    cpu: of((r) => r.cpu),
    cpuRange: range(rounds.map((r) => r.cpu), 2),
    rate: of((r) => r.rate),
    rateRange: range(rounds.map((r) => r.rate), 2),
    ours: { rate: of((r) => r.ours.requests_per_s), cpu: of((r) => r.ours.server_cpu_us), p50: of((r) => r.ours.p50_ms), p99: of((r) => r.ours.p99_ms) },
    theirs: { rate: of((r) => r.theirs.requests_per_s), cpu: of((r) => r.theirs.server_cpu_us), p50: of((r) => r.theirs.p50_ms), p99: of((r) => r.theirs.p99_ms) },
  };
}

// A full handshake and one request a connection, 32 at a time. The core is left out: nginx has none.
function compareHandshakes(sessions, ca, nginx) {
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) {
    const common = ['handshakes', '--sessions', sessions, '--connections', '32', '--seconds', `${SECONDS}`, '--json'];
    const ours = JSON.parse(load(common));
    const theirs = JSON.parse(load([...common, '--server', nginx.url, '--ca', ca]));
    rounds.push({ ours: ours.server_cpu_us - ours.core_cpu_us, theirs: theirs.server_cpu_us, rate: ours.handshakes_per_s, theirRate: theirs.handshakes_per_s });
  }
  const of = (pick) => median(rounds.map(pick));
  const cpu = rounds.map((r) => r.ours / r.theirs);
  const rate = rounds.map((r) => r.rate / r.theirRate);
  return [
    ['handshake and one request: CPU without the core, keyring included, µs', of((r) => r.ours).toFixed(0), of((r) => r.theirs).toFixed(0), median(cpu).toFixed(2), range(cpu, 2), '≤ 1.1'],
    ['handshake and one durable request: connections/s', of((r) => r.rate).toFixed(0), of((r) => r.theirRate).toFixed(0), median(rate).toFixed(2), range(rate, 2), ''],
  ];
}

// Kilobytes over all processes for each device that has sent a batch and now waits for desired state.
function idleMemory(sessions, extra = []) {
  const text = load(['run', '--sessions', sessions, '--connections', `${IDLE_DEVICES}`, '--seconds', '1', '--hold', ...extra]);
  return Number(/server memory (\d+) KB/.exec(text)[1]);
}

function memoryOf(server) {
  const pids = [server.process.pid, ...server.children().map(({ pid }) => pid)];
  const field = (pid, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
  return { pss: pids.reduce((sum, pid) => sum + field(pid, 'Pss'), 0), rss: pids.reduce((sum, pid) => sum + field(pid, 'Rss'), 0) };
}

async function startTimes() {
  const times = [];
  for (let i = 0; i < 5; i++) {
    const begun = performance.now();
    const server = await Server.start();
    times.push(performance.now() - begun);
    await server.stop();
  }
  return times;
}

function print(rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log(line(['what', 'ours', 'nginx `return 204`', 'ratio', 'range', 'bar']));
  console.log(line(Array(6).fill('---')));
  for (const row of rows) console.log(line(row));
}

const starts = await startTimes();
const directory = mkdtempSync(join(tmpdir(), 'oceanremote-bench-'));
const server = await Server.start();
let nginx;
try {
  const owner = await Client.login(server, await server.addUser('bench@example.org'));
  const { key } = (await owner.post('/api/v1/api-keys', { name: 'bench', scope: 'manage' })).json;
  const ca = join(server.data, 'ca.pem');
  const sessions = join(directory, 'sessions');
  writeFileSync(sessions, load(['enrol', '--server', server.url, '--ca', ca, '--api-key', key, '--count', '1']));
  load(['run', '--sessions', sessions, '--connections', '1', '--seconds', '1']);
  const one = memoryOf(server);
  writeFileSync(sessions, load(['enrol', '--server', server.url, '--ca', ca, '--api-key', key, '--count', `${Math.max(IDLE_DEVICES, 512)}`]));
  nginx = await Nginx.start(directory, server.data);

  const empty = memoryOf(server).pss;
  const held = idleMemory(sessions);
  const perDevice = (held - empty) / IDLE_DEVICES;

  const rows = [];
  for (const [connections, bar] of [[64, 2.0], [512, 1.5]]) {
    const c = compare(connections, sessions, ca, nginx);
    const load = `durable readings, ${connections} devices`;
    rows.push([`${load}: CPU a request, µs`, c.ours.cpu.toFixed(1), c.theirs.cpu.toFixed(1), c.cpu.toFixed(2), c.cpuRange, `≤ ${bar}`]);
    rows.push([`${load}: requests/s`, c.ours.rate.toFixed(0), c.theirs.rate.toFixed(0), c.rate.toFixed(2), c.rateRange, '≥ 0.5']);
    rows.push([`${load}: p50 / p99, ms`, `${c.ours.p50.toFixed(2)} / ${c.ours.p99.toFixed(2)}`, `${c.theirs.p50.toFixed(2)} / ${c.theirs.p99.toFixed(2)}`, '', '', '']);
  }
  rows.push(...compareHandshakes(sessions, ca, nginx));
  rows.push([`memory an idle device, KB (${IDLE_DEVICES} waiting)`, perDevice.toFixed(1), '', '', '', quick ? '' : '≤ 16']);
  rows.push(['resident with one device, MB (all processes; shared pages counted once)', `${(one.rss / 1024).toFixed(1)} (${(one.pss / 1024).toFixed(1)})`, '', '', '', '< 40']);
  rows.push(['start to ready, first start, ms', median(starts).toFixed(0), '', '', range(starts, 0), '< 1000']);
  print(rows);
} finally {
  nginx?.stop();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
