// A device, as docs/protocol/device.md describes it.

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Client } from './client.mjs';

const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
const sha256 = (data) => createHash('sha256').update(data).digest();
const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));

// SCRAM-SHA-256 (RFC 5802 section 3): the two keys a device keeps.
export function keysOf({ device_key: key, salt, iterations }) {
  const salted = pbkdf2Sync(key, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
  return { client: hmac(salted, 'Client Key'), server: hmac(salted, 'Server Key') };
}

export function randomMac() {
  const bytes = randomBytes(6);
  bytes[0] = (bytes[0] & 0xfc) | 2; // ours, not a group
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

export class Device extends Client {
  mac = randomMac();
  batches = 0;

  // Added by its owner, registered, with a session.
  static async enrol(owner, name, from) {
    const device = new Device(owner.server, {}, from);
    const added = await owner.addDevice(name);
    const { status, text } = await device.register(added.registration_token);
    if (status !== 201) throw new Error(`register: ${status} ${text}`);
    await device.openSession();
    return device;
  }

  registration(token, mac = this.mac) {
    return { registration_token: token, mac, chip: 'linux-x86_64', firmware_version: '0.1.0' };
  }

  async register(token) {
    const answer = await this.post('/device/v1/register', this.registration(token));
    if (answer.status === 201) {
      this.id = answer.json.device_id;
      this.keys = keysOf(answer.json);
    }
    return answer;
  }

  // The first half: the answer, and what the second half needs.
  async beginSession({ id = this.id, mac = this.mac } = {}) {
    const bare = `n=${id},r=${randomBytes(18).toString('base64')}`;
    const answer = await this.post('/device/v1/session', { mac, client_first: `n,,${bare}` });
    return { bare, answer, ...answer.json };
  }

  // The second half's body.
  finalOf({ bare, exchange, server_first: first }, { mac = this.mac, keys = this.keys } = {}) {
    const without = `c=biws,r=${/r=([^,]*)/.exec(first)[1]}`;
    this.transcript = `${bare},${first},${without}`;
    const proof = xor(keys.client, hmac(sha256(keys.client), this.transcript)).toString('base64');
    return { mac, exchange, client_final: `${without},p=${proof}`, firmware_version: '0.1.0' };
  }

  async tryToOpenSession(options) {
    return this.post('/device/v1/session', this.finalOf(await this.beginSession(options), options));
  }

  async openSession() {
    const { status, json, text } = await this.tryToOpenSession();
    if (status !== 200) throw new Error(`session: ${status} ${text}`);
    if (json.server_final !== `v=${hmac(this.keys.server, this.transcript).toString('base64')}`)
      throw new Error('the server does not know the verifier');
    this.useSession(json.session);
    return json;
  }

  useSession(session) {
    this.headers = { Authorization: `Bearer ${session}`, 'X-Device-MAC': this.mac };
  }

  get session() {
    return this.headers.Authorization?.slice('Bearer '.length);
  }

  // readings: [{ metric, time_ms?, value | error }]
  sendBatch(readings, batch = `b-${++this.batches}`) {
    const now = Date.now();
    return this.post('/device/v1/readings', { batch, readings: readings.map((r) => ({ time_ms: now, ...r })) });
  }

  measure(metric, value, time_ms = Date.now()) {
    return this.sendBatch([{ metric, time_ms, value }]);
  }

  desired({ after, wait } = {}) {
    const query = new URLSearchParams();
    if (after !== undefined) query.set('after', after);
    if (wait !== undefined) query.set('wait', wait);
    return this.get(`/device/v1/desired?${query}`);
  }

  report(version, state) {
    return this.post('/device/v1/reported', { version, state });
  }
}
