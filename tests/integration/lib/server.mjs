// A real server in a directory of its own, ended by its own process id.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const BUILD = resolve(process.env.BUILD ?? fileURLToPath(new URL('../../../build', import.meta.url)));
export const PROGRAM = join(BUILD, 'oceanremote');
export const PASSWORD = 'an otter floats at dusk';

// Sanitizers and valgrind make everything slower; what measures time says so with these.
export const SLOWER = process.env.SANITIZED || /asan|tsan|ubsan|valgrind/.test(BUILD) ? 10 : 1;

// Tests come from one address, and fast. Those that are about limits start their server with `limited`.
const LIMITS = ['connections_per_address', 'handshakes_per_s', 'api_per_s', 'login_per_min', 'account_logins_per_10min', 'register_per_min', 'register_per_10min',
  'connections_per_device', 'connections_per_account', 'device_per_s', 'device_per_day', 'account_per_s', 'key_per_s'];
const NO_LIMITS = Object.fromEntries(LIMITS.map((name) => [`limits.${name}`, 1000000]));

const running = new Set();

// Whatever becomes of the test, nothing it started outlives it, and a failure shows what the servers said.
process.on('exit', (code) => {
  for (const server of running) server.endAtOnce();
  if (code !== 0) for (const server of Server.all) process.stderr.write(server.log.map((line) => `${line}\n`).join(''));
});

// Told to end from outside (a file that hangs): the same.
process.once('SIGTERM', () => process.exit(1));

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Ask again and again until the answer is true; the last answer's problem is the failure.
export async function until(what, ask, ms = 5000 * SLOWER) {
  const late = Date.now() + ms;
  for (;;) {
    let problem = '';
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      problem = `: ${error.message}`;
    }
    if (Date.now() > late) throw new Error(`not within ${ms} ms: ${what}${problem}`);
    await sleep(10);
  }
}

// Run the program to its end: { code, stdout, stderr }.
export async function run(args, { input = '', cwd, program = PROGRAM } = {}) {
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (out[name] += text));
  child.stdin.on('error', () => {}); // it may end before it has read
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, ...out };
}

export class Server {
  static all = [];

  log = [];
  isAttacked = false; // forbidden calls are made from inside its processes
  process = null;
  #port = 0;

  // directory: where DIR/data will be; a fresh temporary one by default, removed by stop().
  // address: to listen on.
  constructor({ directory, settings = {}, wrap = [], limited = false, address = '127.0.0.1' } = {}) {
    this.directory = directory ?? mkdtempSync(join(tmpdir(), 'oceanremote-test-'));
    this.isOwnDirectory = directory === undefined;
    this.data = join(this.directory, 'data');
    this.wrap = wrap;
    this.address = address;
    mkdirSync(this.data, { mode: 0o700, recursive: true });
    // The cheapest hash that is allowed: sign-ins are many here.
    const lines = Object.entries({ password_iterations: 260000, edges: 2, ...(limited ? {} : NO_LIMITS), ...settings });
    writeFileSync(join(this.data, 'oceanremote.conf'), lines.map(([name, value]) => `${name} = ${value}\n`).join(''));
    Server.all.push(this);
  }

  static async start(options) {
    const server = new Server(options);
    await server.start();
    return server;
  }

  // The first start takes a free port, later ones the same. A port that the kernel gave may have become the near
  // end of somebody's connection meanwhile; then it is another one.
  async start() {
    try {
      await this.#startAt(this.#port);
    } catch (error) {
      if (this.#port === 0 || !/another program listens/.test(error.message)) throw error;
      console.log(`port ${this.#port} was taken meanwhile`);
      await this.#startAt(0);
    }
  }

  async #startAt(port) {
    const args = [...this.wrap, PROGRAM, 'serve', '--data', this.data, '--https', `${this.address}:${port}`];
    const child = spawn(args[0], args.slice(1), { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    running.add(this);
    child.once('exit', (code, signal) => {
      this.log.push(`(server ${child.pid} ended: ${signal ?? code})`);
      if (this.process === child) running.delete(this);
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.log.push(line));
    this.url = await new Promise((done, fail) => {
      let url;
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.log.push(line);
        const match = /^ready (https:\/\/\S+)/.exec(line);
        if (match) url = match[1];
        if (/^data /.test(line)) done(url); // every listener has been printed
      });
      child.once('close', (code) => fail(new Error(`the server ended with ${code} before it was ready: ${this.log.slice(-3).join('; ')}`)));
    });
    this.#port = Number(new URL(this.url).port);
    this.ca = readFileSync(join(this.data, 'ca.pem'));
  }

  get port() {
    return this.#port;
  }

  // The ports of the other listeners, as they were printed: also('http').
  also(scheme) {
    return this.log.map((line) => new RegExp(`^also ${scheme}://.*:(\\d+)$`).exec(line)?.[1]).filter(Boolean).map(Number);
  }

  get isRunning() {
    return this.process !== null && this.process.exitCode === null && this.process.signalCode === null;
  }

  // SIGTERM; the exit code.
  async terminate() {
    if (!this.isRunning) return this.process.exitCode;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const [code] = await ended;
    return code;
  }

  // kill -9 of the parent; its children are gone too when this returns.
  async kill() {
    if (!this.isRunning) return;
    const children = this.children();
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
    await until('the children of a killed server are gone', () => children.every(({ pid }) => !isAlive(pid)));
  }

  endAtOnce() {
    if (this.isRunning) this.process.kill('SIGKILL');
    if (this.isOwnDirectory) rmSync(this.directory, { recursive: true, force: true });
  }

  // The end of a test.
  async stop() {
    const late = setTimeout(() => this.process.kill('SIGKILL'), 15_000);
    const code = await this.terminate();
    clearTimeout(late);
    if (this.isOwnDirectory) rmSync(this.directory, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the server ended with ${code} after SIGTERM`);
    // A child that a sanitizer ended is back at once, and the test may not have noticed.
    const report = this.log.find((line) => /runtime error:|Sanitizer/.test(line));
    if (report) throw new Error(`a sanitizer has found something: ${report}`);
    const forbidden = this.log.find((line) => /child_ended .*signal=SIGSYS/.test(line));
    if (forbidden && !this.isAttacked) throw new Error(`a call is missing from a list: ${forbidden}`);
  }

  // [{ pid, name: 'edge' | 'core' | 'keyring' | 'courier' | 'vault' }] from /proc.
  children() {
    const own = this.process.pid;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === own)
      .map((name) => ({ pid: Number(name), name: commandOf(name) }))
      .filter(({ name }) => ['edge', 'core', 'keyring', 'courier', 'vault'].includes(name));
  }

  pidsOf(name) {
    return this.children()
      .filter((child) => child.name === name)
      .map(({ pid }) => pid);
  }

  // One number out of its database, as a reader beside it sees it.
  ask(sql) {
    const script = 'import sqlite3, sys; print(sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=10).execute(sys.argv[2]).fetchone()[0])';
    return Number(execFileSync('python3', ['-c', script, join(this.data, 'db', 'oceanremote.db'), sql], { encoding: 'utf8' }));
  }

  async addUser(email, { password = PASSWORD, admin = false } = {}) {
    const args = ['user', 'add', '--data', this.data, '--email', email, ...(admin ? ['--admin'] : [])];
    const { code, stderr } = await run(args, { input: `${password}\n` });
    if (code !== 0) throw new Error(`user add ended with ${code}: ${stderr}`);
    return { email, password };
  }
}

export function isAlive(pid) {
  try {
    // A dead child that nobody has waited for yet is dead all the same.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0; // gone in the meantime
  }
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[1];
  } catch {
    return '';
  }
}
