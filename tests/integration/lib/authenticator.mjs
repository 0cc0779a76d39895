// A browser with an authenticator in it, by hand: keys of node:crypto, CBOR written here. It shares no code with the
// server, and says what WebAuthn level 2 section 6 has an authenticator say.

import { createHash, createSign, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

// --- CBOR, as much as is needed (RFC 8949) ---

function head(major, value) {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}
const int = (value) => (value < 0 ? head(1, -1 - value) : head(0, value));
const bytes = (value) => Buffer.concat([head(2, value.length), value]);
const text = (value) => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const map = (pairs) => Buffer.concat([head(5, pairs.length), ...pairs.flat()]);

// --- keys (RFC 8152 sections 7 and 13, RFC 8230) ---

const KINDS = {
  [-7]: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    key: ({ x, y }) => [[int(1), int(2)], [int(3), int(-7)], [int(-1), int(1)], [int(-2), bytes(x)], [int(-3), bytes(y)]],
    sign: (key, data) => createSign('sha256').update(data).sign(key),
  },
  [-8]: {
    make: () => generateKeyPairSync('ed25519'),
    key: ({ x }) => [[int(1), int(1)], [int(3), int(-8)], [int(-1), int(6)], [int(-2), bytes(x)]],
    sign: (key, data) => sign(null, data, key),
  },
  [-257]: {
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    key: ({ n, e }) => [[int(1), int(3)], [int(3), int(-257)], [int(-1), bytes(n)], [int(-2), bytes(e)]],
    sign: (key, data) => createSign('sha256').update(data).sign(key),
  },
};

export const FLAG = { present: 0x01, verified: 0x04, hasKey: 0x40 };

export class Authenticator {
  // algorithm: of COSE. counts: whether it counts its signatures.
  constructor({ algorithm = -7, counts = true } = {}) {
    const pair = KINDS[algorithm].make();
    const jwk = pair.publicKey.export({ format: 'jwk' });
    this.algorithm = algorithm;
    this.privateKey = pair.privateKey;
    this.numbers = Object.fromEntries(Object.entries(jwk).map(([name, value]) => [name, Buffer.from(value, 'base64url')]));
    this.id = randomBytes(32);
    this.count = counts ? 1 : 0;
    this.counts = counts;
    this.flags = FLAG.present | FLAG.verified;
  }

  #data(rpId, withKey) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.count);
    const start = [sha256(rpId), Buffer.from([this.flags | (withKey ? FLAG.hasKey : 0)]), counter];
    if (!withKey) return Buffer.concat(start);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    return Buffer.concat([...start, Buffer.alloc(16), length, this.id, map(KINDS[this.algorithm].key(this.numbers))]);
  }

  #sign(data, clientData) {
    return KINDS[this.algorithm].sign(this.privateKey, Buffer.concat([data, sha256(clientData)]));
  }

  // What navigator.credentials.create() gives for these options, as toJSON() has it. change: what a liar would say.
  create(options, origin, { packed = false, ...change } = {}) {
    const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.create', challenge: options.challenge, origin, crossOrigin: false, ...change }));
    this.rpId ??= options.rp.id;
    this.userHandle = options.user.id;
    const data = this.#data(this.rpId, true);
    const statement = packed ? [[text('alg'), int(this.algorithm)], [text('sig'), bytes(this.#sign(data, clientData))]] : [];
    const object = map([[text('fmt'), text(packed ? 'packed' : 'none')], [text('attStmt'), map(statement)], [text('authData'), bytes(data)]]);
    const id = base64url(this.id);
    return {
      id, rawId: id, type: 'public-key', clientExtensionResults: {}, authenticatorAttachment: 'platform',
      response: { clientDataJSON: base64url(clientData), attestationObject: base64url(object), transports: ['internal'] },
    };
  }

  // What navigator.credentials.get() gives.
  get(options, origin, { withHandle = true, ...change } = {}) {
    const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge: options.challenge, origin, crossOrigin: false, ...change }));
    if (this.counts) this.count++;
    const data = this.#data(this.rpId, false);
    const id = base64url(this.id);
    return {
      id, rawId: id, type: 'public-key', clientExtensionResults: {}, authenticatorAttachment: 'platform',
      response: {
        clientDataJSON: base64url(clientData), authenticatorData: base64url(data), signature: base64url(this.#sign(data, clientData)),
        userHandle: withHandle ? this.userHandle : null,
      },
    };
  }
}
