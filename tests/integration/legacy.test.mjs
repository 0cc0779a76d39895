// TLS 1.2 for devices that cannot do better: off unless asked for, on a listener of its own, for their paths only.

import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { RawConnection } from './lib/raw.mjs';
import { Server, run } from './lib/server.mjs';

let server, legacy;

before(async () => {
  server = await Server.start({ settings: { 'tls.legacy_devices': 'on', 'tls.legacy_https': '127.0.0.1:0' } });
  await server.addUser('ada@example.org');
  legacy = { port: server.also('https')[0], ca: server.ca };
});
after(() => server.stop());

const V12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };

// What was agreed on, or the error's code.
function attempt(port, options) {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port, ca: server.ca, ...options });
    socket.on('error', (error) => done(error.code));
    socket.on('secureConnect', () => {
      done(`${socket.getProtocol()} ${socket.getCipher().name}`);
      socket.destroy();
    });
  });
}

test('ECDHE with AEAD, and nothing else', async () => {
  for (const cipher of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'])
    assert.equal(await attempt(legacy.port, { ...V12, ciphers: cipher }), `TLSv1.2 ${cipher}`);
  for (const cipher of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-CCM'])
    assert.match(await attempt(legacy.port, { ...V12, ciphers: `${cipher}:@SECLEVEL=0` }), /ALERT_HANDSHAKE_FAILURE/, cipher);
  for (const version of ['TLSv1', 'TLSv1.1'])
    assert.match(await attempt(legacy.port, { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }), /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, version);
});

test('there and nowhere else', async () => {
  assert.match(await attempt(server.port, V12), /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/);
  assert.match(await attempt(legacy.port, { minVersion: 'TLSv1.3' }), /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/);
  const without = await Server.start();
  assert.deepEqual(without.also('https'), []);
  assert.ok(!without.log.some((line) => line.includes('tls.legacy_devices')));
  await without.stop();
});

test('every start says that it is on', () => {
  assert.ok(server.log.some((line) => /config\.loosened.*tls\.legacy_devices/.test(line)));
});

test('short records for small memories: max_fragment_length is honoured', async () => {
  const { stdout } = await run(['-c', `printf 'GET /device/v1/desired HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client -connect 127.0.0.1:${legacy.port} -tls1_2 -maxfraglen 512 -quiet -CAfile ${server.data}/ca.pem -verify_return_error -msg 2>&1`], { program: 'sh' });
  const records = [...stdout.matchAll(/^<<< .*RecordHeader \[length 0005\]\n +1[67] 03 03 (\S\S) (\S\S)/gm)].map(([, high, low]) => parseInt(high + low, 16));
  assert.ok(records.length > 3, stdout);
  assert.ok(Math.max(...records) <= 512 + 24, `${records}`);
  assert.match(stdout, /HTTP\/1\.1 401/);
});

test('a device lives there, from its registration on', async () => {
  const owner = await Client.login(server, { email: 'ada@example.org' });
  const device = new Device(legacy);
  device.agent = new Agent({ keepAlive: true, ca: server.ca, ...V12 });
  const added = await owner.addDevice('old buoy');
  assert.equal((await device.register(added.registration_token)).status, 201);
  await device.openSession();
  assert.equal((await device.measure('temp', 21.5)).status, 204);
  const { version } = (await device.desired()).json;
  const held = device.desired({ after: version, wait: 30 });
  await new Promise((done) => setTimeout(done, 300));
  await owner.patch(`/api/v1/devices/${device.id}/desired`, { switches: { relay1: true } });
  assert.equal((await held).status, 200);
  owner.agent.destroy();
  device.agent.destroy();
});

test('nobody else does', async () => {
  const raw = await RawConnection.open(legacy, V12);
  for (const path of ['/', '/healthz', '/api/v1/me', '/api/v1/login', '/openapi.json', '/device', '/.well-known/acme-challenge/x']) {
    raw.write(raw.request('GET', path));
    const answer = await raw.answer();
    assert.equal(answer.status, 404, path);
    assert.match(answer.head, /strict-transport-security/i);
    assert.equal(JSON.parse(answer.text).type, '/problems/not-found');
  }
  raw.end();
});
