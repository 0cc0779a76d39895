// What the attacks need of the machine: the load program, nginx to compare with, and the memory of processes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD, sleep } from '../../integration/lib/server.mjs';

// Counts checks as they are made; the failure of one does not end the others.
export class Checks {
  passed = 0;
  failed = 0;

  async check(what, ask) {
    try {
      await ask();
      this.passed++;
      console.log(`ok     ${what}`);
    } catch (error) {
      this.failed++;
      console.log(`FAILED ${what}: ${error.message}`);
    }
  }

  // For tests/run.
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

async function floodOnce(server, options) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const child = spawn(join(BUILD, 'ocean-load'), ['flood', '--server', `https://127.0.0.1:${server.port}`, '--ca', server.caFile ?? join(server.data, 'ca.pem'), ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ocean-load flood ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

// A flood by ocean-load; resolves to what became of it. options: { seconds, connections, addresses, rate, patience, asks, mix }.
// Half of it each by two processes, as one is not enough to keep two processors busy.
export async function flood(server, options) {
  const half = { ...options, connections: Math.ceil(options.connections / 2) };
  if (options.rate) half.rate = Math.ceil(options.rate / 2);
  const [one, other] = await Promise.all([floodOnce(server, half), floodOnce(server, half)]);
  const statuses = { ...one.statuses };
  for (const [status, count] of Object.entries(other.statuses)) statuses[status] = (statuses[status] ?? 0) + count;
  const both = Object.fromEntries(Object.keys(one).map((name) => [name, one[name] + other[name]]));
  return { ...both, seconds: Math.max(one.seconds, other.seconds), statuses };
}

// Megabytes of all processes of a server; what they share is counted once.
export function memoryOf(pids) {
  let kb = 0;
  for (const pid of pids) {
    try {
      kb += Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
    } catch {
      // it has ended
    }
  }
  return kb / 1024;
}

export class MemoryWatch {
  most = 0;
  #timer;

  constructor(pids) {
    this.first = memoryOf(pids);
    this.#timer = setInterval(() => (this.most = Math.max(this.most, memoryOf(pids))), 500);
  }

  stop() {
    clearInterval(this.#timer);
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

// nginx with the certificate of a server of ours, answering 204 to everything, limited as its manual recommends.
export class Nginx {
  static async start({ data, ca }) {
    const nginx = new Nginx();
    nginx.directory = mkdtempSync(join(tmpdir(), 'oceanremote-nginx-'));
    nginx.port = await freePort();
    nginx.ca = ca;
    nginx.caFile = join(data, 'ca.pem');
    const { directory } = nginx;
    mkdirSync(join(directory, 'tmp'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/tmp;`);
    writeFileSync(
      join(directory, 'nginx.conf'),
      `worker_processes 2; daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log crit;
       worker_rlimit_nofile 20000; events { worker_connections 9000; }
       http { access_log off; ${temporary.join(' ')} keepalive_requests 1000000000; keepalive_timeout 75s;
         limit_req_zone $binary_remote_addr zone=requests:10m rate=20r/s; limit_req_status 429;
         limit_conn_zone $binary_remote_addr zone=connections:10m; limit_conn_status 429;
         server { listen 127.0.0.1:${nginx.port} ssl reuseport backlog=4096; ssl_protocols TLSv1.3;
           ssl_certificate ${data}/keys/server.pem; ssl_certificate_key ${data}/keys/server-key.pem;
           location / { limit_req zone=requests burst=40 nodelay; limit_conn connections 10; try_files /none @answer; }
           location @answer { return 204; } } }`,
    );
    nginx.process = spawn('nginx', ['-c', join(directory, 'nginx.conf')], { stdio: 'ignore' });
    await sleep(500);
    if (nginx.process.exitCode !== null) throw new Error(`nginx did not start: ${readFileSync(join(directory, 'error.log'), 'utf8')}`);
    return nginx;
  }

  pids() {
    const { pid } = this.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return [pid, ...children.map(Number)];
  }

  async stop() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function pidsOf(server) {
  return [server.process.pid, ...server.children().map(({ pid }) => pid)];
}

export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  console.log(line(rows[0]));
  console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  for (const row of rows.slice(1)) console.log(line(row));
}
