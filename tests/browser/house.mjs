// A real server and a real device in a directory of their own, stopped by their own process ids.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const BUILD = resolve(process.env.BUILD ?? fileURLToPath(new URL('../../build', import.meta.url)));
export const EMAIL = 'ada@example.org';
export const PASSWORD = 'an otter floats at dusk';

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

// Keeps what a program says, for the report of a failure.
function listenTo(child, name, log) {
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => log.push(`${name}: ${line}`));
  }
}

async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await once(child, 'exit');
  clearTimeout(late);
}

export class House {
  log = [];
  children = new Set();

  static async build() {
    const house = new House();
    house.directory = mkdtempSync(join(tmpdir(), 'oceanremote-story-'));
    house.data = join(house.directory, 'data');
    house.port = await freePort();
    await house.startServer();
    copyFileSync(join(house.data, 'ca.pem'), join(house.directory, 'ca.pem'));
    return house;
  }

  #spawn(name, command, args) {
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { ...process.env, PATH: `${BUILD}:${process.env.PATH}` },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    listenTo(child, name, this.log);
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  async startServer() {
    const args = ['serve', '--data', this.data, '--https', `127.0.0.1:${this.port}`, '--http', 'off', '--mqtt', 'off'];
    this.server = this.#spawn('server', 'oceanremote', args);
    const ready = new Promise((done, fail) => {
      createInterface({ input: this.server.stdout }).on('line', (line) => {
        const match = /^ready (https:\/\/\S+)/.exec(line);
        if (match) done(match[1]);
      });
      this.server.once('exit', (code) => fail(new Error(`the server ended with ${code}\n${this.log.join('\n')}`)));
      setTimeout(() => fail(new Error(`no "ready" within 10 s\n${this.log.join('\n')}`)), 10_000).unref();
    });
    this.url = await ready;
  }

  async killServer() {
    await end(this.server, 'SIGKILL');
  }

  async addUser() {
    const child = this.#spawn('user add', 'oceanremote', ['user', 'add', '--data', this.data, '--email', EMAIL]);
    child.stdin.end(`${PASSWORD}\n`);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`user add ended with ${code}\n${this.log.join('\n')}`);
  }

  // The line just as the dashboard shows it, in a directory that holds ca.pem.
  startDevice(line) {
    this.device = this.startAnother(line);
  }

  startAnother(line) {
    return this.#spawn('device', 'sh', ['-c', `exec ${line}`]);
  }

  stopDevice() {
    return end(this.device);
  }

  stop(child) {
    return end(child);
  }

  // As a script asks: with an API key, trusting only the server's own CA. The status.
  async ask(path, key) {
    const ca = readFileSync(join(this.data, 'ca.pem'));
    const request = get(new URL(path, this.url), { ca, headers: { Authorization: `Bearer ${key}`, Connection: 'close' } });
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  }

  async tearDown() {
    for (const child of [...this.children]) await end(child);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
