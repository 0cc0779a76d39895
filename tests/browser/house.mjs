// A real server and real devices for a browser to meet, in a directory of their own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BUILD, PASSWORD, Server } from '../integration/lib/server.mjs';

export { PASSWORD };
export const EMAIL = 'ada@example.org';

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await once(child, 'exit');
  clearTimeout(late);
}

export class House {
  devices = new Set();

  // As it is started by anybody: with its limits, and its own number of edges. By a name, because a browser makes
  // passkeys for names only.
  static async build({ settings = {}, address = 'localhost' } = {}) {
    const house = new House();
    house.server = await Server.start({ limited: true, address, settings: { edges: 0, http: 'off', ...settings } });
    copyFileSync(join(house.server.data, 'ca.pem'), join(house.directory, 'ca.pem'));
    return house;
  }

  get directory() {
    return this.server.directory;
  }

  get url() {
    return this.server.url;
  }

  get log() {
    return this.server.log;
  }

  addUser() {
    return this.server.addUser(EMAIL);
  }

  // The line just as the dashboard shows it, in a directory that holds ca.pem.
  startDevice(line) {
    this.device = this.startAnother(line);
  }

  startAnother(line) {
    const env = { ...process.env, PATH: `${BUILD}:${process.env.PATH}` };
    const child = spawn('sh', ['-c', `exec ${line}`], { cwd: this.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (text) => this.log.push(`device: ${text}`));
    this.devices.add(child);
    child.once('exit', () => this.devices.delete(child));
    return child;
  }

  stopDevice() {
    return end(this.device);
  }

  stop(child) {
    return end(child);
  }

  // As a script asks: with an API key, trusting only the server's own CA. The status.
  async ask(path, key) {
    const request = get(new URL(path, this.url), { ca: this.server.ca, headers: { Authorization: `Bearer ${key}`, Connection: 'close' } });
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  }

  async tearDown() {
    for (const child of [...this.devices]) await end(child);
    await this.server.stop();
  }
}
