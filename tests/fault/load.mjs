// Devices and an owner who remember what the server acknowledged to them.

import assert from 'node:assert/strict';
import { Client } from '../integration/lib/client.mjs';
import { Device } from '../integration/lib/device.mjs';
import { sleep } from '../integration/lib/server.mjs';

const POINTS_A_QUESTION = 4000; // the server answers 5,000 raw ones

class Load {
  #stopped = false;
  #running;
  #wrong = null;

  constructor(random) {
    this.random = random;
  }

  run() {
    this.#running = (async () => {
      while (!this.#stopped) {
        await sleep(5 + this.random() * 35);
        await this.step();
      }
    })().catch((error) => (this.#wrong = error));
  }

  throwIfWrong() {
    if (this.#wrong !== null) throw this.#wrong;
  }

  async finish() {
    this.#stopped = true;
    await this.#running;
  }

  // The answer, or null when nobody can say what happened: the server was killed, or is starting a part anew.
  async ask(what, expected) {
    let answer;
    try {
      answer = await what();
    } catch (error) {
      if (/ECONN|EPIPE|socket/.test(`${error.code} ${error.message}`)) return null;
      throw error;
    }
    if (answer.status === 503) return null;
    assert.equal(answer.status, expected, `${answer.status} ${answer.text}`);
    return answer;
  }

  // Again until there is an answer.
  async insist(what, expected) {
    for (;;) {
      const answer = await this.ask(what, expected);
      if (answer !== null) return answer;
      await sleep(10);
    }
  }
}

// Sends batches of values that never come twice, and says what it was told to be.
export class DeviceLoad extends Load {
  batches = 0; // acknowledged
  sent = new Map(); // value → { time_ms, isAcknowledged }
  unseen = []; // acknowledged values that no comparison has seen yet
  reported = 0; // the last acknowledged
  reporting = 0; // the last sent
  #lastValue = 0;
  #lastTime = 0;
  #batch = 0;

  static async make(owner, random) {
    const load = new DeviceLoad(random);
    load.owner = owner;
    load.device = await Device.enrol(owner);
    load.id = load.device.id;
    return load;
  }

  async step() {
    if (this.random() < 0.1) await this.#report();
    else await this.#send();
  }

  #reading() {
    this.#lastTime = Math.max(Date.now(), this.#lastTime + 1);
    const reading = { metric: 'v', time_ms: this.#lastTime, value: ++this.#lastValue };
    this.sent.set(reading.value, { time_ms: reading.time_ms, isAcknowledged: false });
    return reading;
  }

  async #send() {
    const readings = Array.from({ length: 1 + Math.floor(this.random() * 4) }, () => this.#reading());
    const send = () => this.device.sendBatch(readings, id);
    const id = `${++this.#batch}`;
    // Half of them give up where a real device would not: such a batch may be there, once.
    const answer = this.random() < 0.5 ? await this.ask(send, 204) : await this.insist(send, 204);
    if (answer === null) return;
    this.batches++;
    for (const { value } of readings) {
      this.sent.get(value).isAcknowledged = true;
      this.unseen.push(value);
    }
  }

  async #report() {
    const number = ++this.reporting;
    if ((await this.ask(() => this.device.report(number, { number }), 204)) !== null) this.reported = number;
  }

  // Raw points of a window: value → how often, each at its time.
  async #stored(from, to) {
    const path = `/api/v1/devices/${this.id}/readings?metric=v&from=${from}&to=${to}`;
    const { json } = await this.insist(() => this.owner.get(path), 200);
    assert.equal(json.step_s, 0, 'raw points were asked for');
    const seen = new Set();
    for (const [time_ms, value] of json.points) {
      assert.equal(this.sent.get(value)?.time_ms, time_ms, `device ${this.id}: value ${value} was never sent for ${time_ms}`);
      assert.ok(!seen.has(value), `device ${this.id}: value ${value} is there twice`);
      seen.add(value);
    }
    return seen;
  }

  // While the load runs: what was acknowledged before we ask is in the answer.
  async compare() {
    const { reported } = this;
    const expected = this.unseen.splice(0);
    if (expected.length > 0) {
      const seen = await this.#stored(this.sent.get(expected[0]).time_ms, Date.now() + 60_000);
      for (const value of expected) assert.ok(seen.has(value), `device ${this.id}: acknowledged value ${value} is missing`);
    }
    const { json } = await this.insist(() => this.owner.get(`/api/v1/devices/${this.id}`), 200);
    assert.ok(json.reported_version >= reported && json.reported_version <= this.reporting, `reported ${json.reported_version}, acknowledged ${reported}`);
    assert.equal(json.reported.number ?? 0, json.reported_version);
  }

  // At rest: every value from the first on, and the minutes made of them.
  async compareExactly() {
    const all = [...this.sent].map(([value, { time_ms, isAcknowledged }]) => ({ value, time_ms, isAcknowledged }));
    let count = 0;
    let sum = 0;
    for (let at = 0; at < all.length; at += POINTS_A_QUESTION) {
      const part = all.slice(at, at + POINTS_A_QUESTION);
      const seen = await this.#stored(part[0].time_ms, part.at(-1).time_ms + 1);
      for (const { value, isAcknowledged } of part)
        assert.ok(seen.has(value) || !isAcknowledged, `device ${this.id}: acknowledged value ${value} is missing`);
      count += seen.size;
      for (const value of seen) sum += value;
    }
    const window = `from=${all[0].time_ms - 60_000}&to=${all.at(-1).time_ms + 60_000}`;
    const { json } = await this.insist(() => this.owner.get(`/api/v1/devices/${this.id}/readings?metric=v&step=60&${window}`), 200);
    const rows = json.series.rows;
    assert.equal(rows.reduce((total, row) => total + row[4], 0), count, `device ${this.id}: the minutes count other readings than there are`);
    const total = rows.reduce((part, [, mean, , , n]) => part + mean * n, 0);
    assert.ok(Math.abs(total - sum) <= 1e-6 * sum, `device ${this.id}: the minutes sum to ${total}, the readings to ${sum}`);
    await this.compare();
  }
}

// Flips switches, adds and deletes devices, and has accounts made.
export class OwnerLoad extends Load {
  patches = 0; // acknowledged
  desired = new Map(); // device id → { number, version, sent }, the last acknowledged and the last sent
  added = new Set(); // ids of devices that were acknowledged
  deleted = new Set();
  accounts = [];
  #unsure = new Set(); // ids of devices whose deletion was not answered
  #seenAccounts = 0;

  constructor(client, devices, random) {
    super(random);
    this.client = client;
    this.devices = devices;
    for (const { id } of devices) this.desired.set(id, { number: 0, version: 0, sent: 0 });
  }

  async step() {
    const dice = this.random();
    if (dice < 0.03) await this.#addAccount();
    else if (dice < 0.1) await this.#addDevice();
    else if (dice < 0.13 && this.added.size > 0) await this.#deleteDevice();
    else await this.#flip();
  }

  async #flip() {
    const { id } = this.devices[Math.floor(this.random() * this.devices.length)];
    const known = this.desired.get(id);
    const number = ++known.sent;
    const body = { switches: { relay1: number % 2 === 1 }, number };
    const answer = await this.ask(() => this.client.patch(`/api/v1/devices/${id}/desired`, body), 200);
    if (answer === null) return;
    assert.ok(answer.json.version > known.version, 'versions rise');
    Object.assign(known, { number, version: answer.json.version });
    this.patches++;
  }

  async #addDevice() {
    const answer = await this.ask(() => this.client.post('/api/v1/devices', { name: 'another', board: 'linux' }), 201);
    if (answer !== null) this.added.add(answer.json.id);
  }

  async #deleteDevice() {
    const [id] = this.added;
    this.added.delete(id);
    this.#unsure.add(id);
    if ((await this.ask(() => this.client.delete(`/api/v1/devices/${id}`), 204)) === null) return;
    this.#unsure.delete(id);
    this.deleted.add(id);
  }

  // The command works on the database by itself: beside a running server, and while there is none.
  async #addAccount() {
    const account = await this.client.server.addUser(`owner-${this.accounts.length}@example.org`);
    this.accounts.push(account);
  }

  async compare() {
    await this.#compareDesired();
    await this.#compareDevices();
    while (this.#seenAccounts < this.accounts.length) await this.#compareAccount(this.accounts[this.#seenAccounts++]);
  }

  async #compareDesired() {
    for (const [id, known] of this.desired) {
      const { number, version } = known;
      const { json } = await this.insist(() => this.client.get(`/api/v1/devices/${id}`), 200);
      const seen = json.desired.number ?? 0;
      assert.ok(seen >= number && seen <= known.sent, `device ${id}: desired ${seen}, acknowledged ${number}`);
      assert.ok(json.desired_version >= version, `device ${id}: version ${json.desired_version}, acknowledged ${version}`);
      if (seen === number) assert.equal(json.desired_version, version, `device ${id}: version without a change`);
      if (seen > 0) assert.deepEqual(json.desired, { switches: { relay1: seen % 2 === 1 }, number: seen });
    }
  }

  async #compareDevices() {
    const [added, deleted] = [[...this.added], [...this.deleted]];
    const there = new Set();
    for (let after = ''; after !== undefined; ) {
      const { json } = await this.insist(() => this.client.get(`/api/v1/devices?limit=200${after && `&after=${after}`}`), 200);
      for (const { id } of json.devices) there.add(id);
      after = json.next;
    }
    for (const id of added) assert.ok(there.has(id) || !this.added.has(id), `device ${id} was added and is missing`);
    for (const id of deleted) assert.ok(!there.has(id), `device ${id} was deleted and is there`);
  }

  async #compareAccount(account) {
    const nobody = new Client(this.client.server);
    await this.insist(() => nobody.post('/api/v1/login', account), 200);
    nobody.close();
  }

  compareExactly() {
    return this.compare();
  }
}
