// Enrolled devices that go about their business while somebody attacks: what they notice is what is measured.

import assert from 'node:assert/strict';
import { Device } from '../../integration/lib/device.mjs';
import { RawConnection } from '../../integration/lib/raw.mjs';
import { sleep } from '../../integration/lib/server.mjs';

const ANSWER_MS = 20_000; // an answer that takes longer is none
const PATIENCE_MS = 5000; // for one attempt to connect, as devices have it
const RETRY_MS = 250;

export const percentile = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? NaN;
export const median = (list) => percentile(list, 0.5);

function withTimeout(promise, ms, what) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`${what}: nothing for ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// `from(i)` is the address that device number i comes from.
export async function enrol(owner, count, from) {
  const devices = [];
  while (devices.length < count) {
    const some = Array.from({ length: Math.min(10, count - devices.length) }, (_, i) => devices.length + i);
    devices.push(...(await Promise.all(some.map((i) => Device.enrol(owner, `board ${i}`, from(i))))));
  }
  for (const device of devices) device.close();
  return devices;
}

// One device on one kept connection, a batch each `every_ms`.
class Board {
  #raw = null;
  #value = 0;
  acknowledged = []; // values

  constructor(crowd, device) {
    this.crowd = crowd;
    this.device = device;
  }

  async #open() {
    const begun = Date.now();
    const { server, tls } = this.crowd;
    const opening = RawConnection.open(server, { ...tls, localAddress: this.device.from });
    try {
      this.#raw = await withTimeout(opening, PATIENCE_MS, 'a connection');
    } catch (error) {
      opening.then((raw) => raw.end(), () => {}); // should it come after all
      throw error;
    } finally {
      this.crowd.longest_attempt_ms = Math.max(this.crowd.longest_attempt_ms, Date.now() - begun);
    }
  }

  // Until it is served; how long that took.
  async connect() {
    const begun = performance.now();
    for (;;) {
      try {
        await this.#open();
        await this.send();
        return performance.now() - begun;
      } catch (error) {
        this.leave();
        this.crowd.failed_attempts++;
        if (this.crowd.isStopped) return null;
        await sleep(RETRY_MS + Math.random() * RETRY_MS);
      }
    }
  }

  leave() {
    this.#raw?.end();
    this.#raw = null;
  }

  // One batch; throws when it is not acknowledged.
  async send() {
    const value = ++this.#value;
    const time_ms = Date.now();
    const body = JSON.stringify({ batch: `b${value}`, readings: [{ metric: 'v', time_ms, value }] });
    const begun = performance.now();
    this.#raw.write(this.#raw.request('POST', '/device/v1/readings', this.device.headers, body));
    const answer = await withTimeout(this.#raw.answer(), ANSWER_MS, 'an answer');
    if (answer?.status !== 204) throw new Error(answer === null ? 'the connection was closed' : `${answer.status} ${answer.text}`);
    this.crowd.note(performance.now() - begun);
    this.acknowledged.push(value);
  }

  // A board that keeps its connection, and must never lose it.
  async stay() {
    while (!(await this.crowd.pause())) {
      try {
        await this.send();
      } catch (error) {
        this.crowd.losses.push(error.message);
        this.leave();
        await this.connect();
      }
    }
  }

  // A board that starts anew now and then.
  async roam() {
    while (!(await this.crowd.pause(this.crowd.roam_ms))) {
      this.leave();
      const ms = await this.connect();
      if (ms !== null) this.crowd.returns.push(ms);
    }
  }
}

export class Crowd {
  losses = []; // what happened on a kept connection that should not
  returns = []; // ms from "the connection is gone" to the first acknowledged batch
  failed_attempts = 0;
  longest_attempt_ms = 0;
  isStopped = false;
  #times = [];
  #running = [];

  // server: { port, ca }. The last `roamers` devices connect anew every roam_ms.
  constructor(server, devices, { every_ms = 1000, roamers = 0, roam_ms = 3000, tls = {} } = {}) {
    Object.assign(this, { server, every_ms, roam_ms, tls });
    this.boards = devices.map((device) => new Board(this, device));
    this.stayers = this.boards.slice(0, devices.length - roamers);
    this.roamers = this.boards.slice(devices.length - roamers);
  }

  note(ms) {
    this.#times.push(ms);
  }

  // The times since the last call.
  take() {
    return this.#times.splice(0);
  }

  // Its own rhythm for everybody; true when it is over.
  async pause(ms = this.every_ms) {
    const until = Date.now() + ms * (0.8 + 0.4 * Math.random());
    while (!this.isStopped && Date.now() < until) await sleep(Math.min(200, until - Date.now()));
    return this.isStopped;
  }

  async start() {
    for (let at = 0; at < this.boards.length; at += 8) await Promise.all(this.boards.slice(at, at + 8).map((board) => board.connect()));
    this.returns = [];
    this.failed_attempts = 0;
    this.take();
    this.#running = [...this.stayers.map((board) => board.stay()), ...this.roamers.map((board) => board.roam())];
  }

  async stop() {
    this.isStopped = true;
    await Promise.all(this.#running);
    for (const board of this.boards) board.leave();
  }

  // Every acknowledged value is what its owner is shown.
  async compare(owner, since_ms) {
    let count = 0;
    for (const { device, acknowledged } of this.boards) {
      const path = `/api/v1/devices/${device.id}/readings?metric=v&from=${since_ms}&to=${Date.now() + 60_000}`;
      const { status, json, text } = await owner.get(path);
      assert.equal(status, 200, text);
      assert.equal(json.step_s, 0, 'raw points were asked for');
      const seen = new Set(json.points.map(([, value]) => value));
      for (const value of acknowledged) assert.ok(seen.has(value), `device ${device.id}: acknowledged value ${value} is missing`);
      count += acknowledged.length;
    }
    return count;
  }
}
