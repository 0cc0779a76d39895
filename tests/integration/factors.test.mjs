// Second factors on the running server: an authenticator app (oathtool), recovery codes, passkeys, and who must have one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Authenticator, FLAG } from './lib/authenticator.mjs';
import { Client } from './lib/client.mjs';
import { sql } from './lib/database.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { kindsTo, mailsOf } from './lib/mailbox.mjs';
import { PASSWORD, SLOWER, Server, run, sleep, until } from './lib/server.mjs';

let server, people = 0;

before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const person = (options, on = server) => on.addUser(`factors${++people}@example.org`, options);

// --- authenticator apps ---

// The code that another implementation shows so many half minutes from now.
function codeOf(secret, steps = 0) {
  const at = new Date(Date.now() + steps * 30_000).toISOString().slice(0, 19).replace('T', ' ');
  return execFileSync('oathtool', ['--totp', '--base32', '--now', `${at} UTC`, secret], { encoding: 'utf8' }).trim();
}

// Not in the last seconds of a step: what follows happens within it.
async function early() {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 4000 * Math.sqrt(SLOWER)) await sleep(left + 50);
}

const wrongCode = (secret) => {
  const near = [-1, 0, 1, 2].map((steps) => codeOf(secret, steps));
  return ['000000', '111111', '222222', '333333', '444444'].find((code) => !near.includes(code));
};

// A signed-in browser of an account that has just enrolled an app. The step before the present one is used, so that
// the present one is good.
async function withApp(on = server) {
  const account = await person({}, on);
  const client = await Client.login(on, account);
  await early();
  const setup = is(await client.post('/api/v1/factors/totp'), 200);
  const { recovery_codes } = is(await client.post('/api/v1/factors/totp/confirmation', { code: codeOf(setup.secret, -1) }), 200);
  return { account, client, setup, secret: setup.secret, codes: recovery_codes };
}

const signIn = (account, more = {}, on = server) => {
  const browser = Client.browser(on);
  return browser.post('/api/v1/login', { email: account.email, password: PASSWORD, ...more });
};

test('an app is enrolled by its QR or its key, and asked for at every sign-in after', async () => {
  const account = await person();
  const client = await Client.login(server, account);
  assert.deepEqual(is(await client.get('/api/v1/factors'), 200), { totp: { on: false }, recovery_codes_left: 0, passkeys: [], required: false });
  const { secret, uri, qr } = is(await client.post('/api/v1/factors/totp'), 200);
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.equal(uri, `otpauth://totp/OceanRemote:${encodeURIComponent(account.email)}?secret=${secret}&issuer=OceanRemote&algorithm=SHA1&digits=6&period=30`);

  // What a camera sees.
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-qr-'));
  const [svg, png] = ['code.svg', 'code.png'].map((name) => join(directory, name));
  writeFileSync(svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${qr.size + 8} ${qr.size + 8}" width="600" height="600">` +
    `<path fill="#fff" d="M-4-4h${qr.size + 8}v${qr.size + 8}h-${qr.size + 8}z"/><path shape-rendering="crispEdges" d="${qr.path}"/></svg>`);
  execFileSync('rsvg-convert', [svg, '-o', png]);
  assert.equal(execFileSync('zbarimg', ['--quiet', '--raw', png], { encoding: 'utf8' }).trim(), uri);
  rmSync(directory, { recursive: true });

  // Until its first code was right it is no factor.
  is(await signIn(account), 200);
  await early();
  assert.equal(isProblem(await client.post('/api/v1/factors/totp/confirmation', { code: wrongCode(secret) }), 422, 'invalid-value').field, 'code');
  assert.equal(isProblem(await client.post('/api/v1/factors/totp/confirmation', { code: '12345' }), 422, 'invalid-value').field, 'code');
  is(await signIn(account), 200);
  const before = client.cookie('__Host-session');
  const { recovery_codes } = is(await client.post('/api/v1/factors/totp/confirmation', { code: codeOf(secret) }), 200);
  assert.equal(new Set(recovery_codes).size, 10);
  for (const code of recovery_codes) assert.match(code, /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
  assert.notEqual(client.cookie('__Host-session'), before, 'its rights have changed');
  const now = is(await client.get('/api/v1/factors'), 200);
  assert.equal(now.totp.on, true);
  assert.ok(Math.abs(Date.parse(now.totp.since) - Date.now()) < 60_000);
  assert.equal(now.recovery_codes_left, 10);

  const needed = isProblem(await signIn(account), 401, 'code-needed');
  assert.deepEqual(needed.factors, ['totp', 'recovery']);
  assert.equal(needed.passkey, undefined);
  is(await signIn(account, { code: codeOf(secret, 1) }), 200);
  assert.deepEqual((await kindsTo(server, account.email)).filter((kind) => /factor|recovery/.test(kind)), ['factor-added', 'recovery-made']);
});

test('a wrong password says nothing of second factors, whatever the code', async () => {
  const { account, secret } = await withApp();
  const browser = Client.browser(server);
  for (const more of [{}, { code: codeOf(secret) }, { code: '000000' }])
    isProblem(await browser.post('/api/v1/login', { email: account.email, password: 'not the password', ...more }), 401, 'credentials-refused');
});

test('each code is good once, one step either side, and none of before', async () => {
  const { account, secret } = await withApp();
  isProblem(await signIn(account, { code: codeOf(secret, -1) }), 401, 'code-refused'); // enrolled with it
  const code = codeOf(secret);
  is(await signIn(account, { code }), 200);
  const again = isProblem(await signIn(account, { code }), 401, 'code-refused');
  assert.match(again.detail, /used before/);
  isProblem(await signIn(account, { code: codeOf(secret, 2) }), 401, 'code-refused');
  is(await signIn(account, { code: codeOf(secret, 1) }), 200);
  isProblem(await signIn(account, { code }), 401, 'code-refused');
});

test('the same code in many requests at once signs in once', async () => {
  const { account, secret } = await withApp();
  const code = codeOf(secret);
  const answers = await Promise.all(Array.from({ length: 5 }, () => signIn(account, { code })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401, 401]);
});

test('five wrong codes, then none is looked at, not even a right one; a right one in time forgives', async () => {
  const { account, secret, codes } = await withApp();
  for (let i = 0; i < 4; i++) isProblem(await signIn(account, { code: wrongCode(secret) }), 401, 'code-refused');
  is(await signIn(account, { code: codeOf(secret) }), 200);
  for (let i = 0; i < 4; i++) isProblem(await signIn(account, { code: wrongCode(secret) }), 401, 'code-refused');
  isProblem(await signIn(account, { code: 'aaaa-aaaa-aaaa-aaaa' }), 401, 'code-refused'); // counts the same
  for (const code of [codeOf(secret, 1), codes[0]]) {
    const answer = await signIn(account, { code });
    isProblem(answer, 429, 'too-many-requests');
    assert.match(answer.headers['retry-after'], /^1[0-8]\d$/); // three minutes
  }
  // Nothing is spent by a code that was not looked at.
  assert.equal(sql(server, `SELECT count(*) FROM recovery_code r JOIN account a ON a.id = r.account_id WHERE a.email = '${account.email}'`)[0][0], 10);
});

test('many wrong codes at once are five', async () => {
  const { account, secret } = await withApp();
  const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(account, { code: wrongCode(secret) })));
  const count = (status) => answers.filter((answer) => answer.status === status).length;
  assert.equal(count(401), 5);
  assert.equal(count(401) + count(429) + count(503), 12);
});

test('a recovery code is good once, in any case, and its owner hears of it', async () => {
  const { account, client, codes } = await withApp();
  is(await signIn(account, { code: codes[0] }), 200);
  isProblem(await signIn(account, { code: codes[0] }), 401, 'code-refused');
  is(await signIn(account, { code: codes[1].toUpperCase().replaceAll('-', ' ') }), 200);
  assert.equal(is(await client.get('/api/v1/factors'), 200).recovery_codes_left, 8);
  const told = (await mailsOf(server, account.email)).filter(({ kind }) => kind === 'recovery-used');
  assert.deepEqual(told.map(({ text }) => /Recovery codes: (.*)/.exec(text)?.[1]), ['9 left', '8 left']);
  const { entries } = is(await client.get('/api/v1/audit'), 200);
  assert.equal(entries.filter(({ event }) => event === 'recovery_code.used').length, 2);
  // A new set: the old ones are good no more.
  const { recovery_codes } = is(await client.post('/api/v1/factors/recovery-codes'), 200);
  isProblem(await signIn(account, { code: codes[2] }), 401, 'code-refused');
  is(await signIn(account, { code: recovery_codes[9] }), 200);
});

test('who has lost all of them is helped by whoever runs the server, and told by mail', async () => {
  const { account } = await withApp();
  isProblem(await signIn(account), 401, 'code-needed');
  const forget = () => run(['user', 'forget-factors', '--data', server.data, '--email', account.email.toUpperCase()]);
  assert.equal((await forget()).code, 0);
  is(await signIn(account), 200);
  assert.equal((await mailsOf(server, account.email)).filter(({ kind }) => kind === 'factor-removed').length, 1);
  const again = await forget();
  assert.deepEqual([again.code, again.stderr], [1, 'oceanremote: this account has no second factor\n']);
  assert.equal((await run(['user', 'forget-factors', '--data', server.data, '--email', 'nobody@example.org'])).code, 1);
});

test('who sits there is proved with the code too', async () => {
  const { client, secret } = await withApp();
  isProblem(await client.post('/api/v1/session/confirmation', { password: PASSWORD }), 401, 'code-needed');
  isProblem(await client.post('/api/v1/session/confirmation', { password: PASSWORD, code: wrongCode(secret) }), 401, 'code-refused');
  assert.equal((await client.post('/api/v1/session/confirmation', { password: PASSWORD, code: codeOf(secret) })).status, 204);
});

test('an app is removed, its codes go with it; changes need a proof that is fresh', async () => {
  const { account, client } = await withApp();
  sql(server, `UPDATE browser_session SET confirmed_at_ms = 0 WHERE account_id = (SELECT id FROM account WHERE email = '${account.email}')`);
  for (const [method, path] of [['POST', '/totp'], ['DELETE', '/totp'], ['POST', '/recovery-codes'], ['POST', '/passkeys/options'], ['DELETE', '/passkeys/1']])
    isProblem(await client.send(method, `/api/v1/factors${path}`), 403, 'confirmation-needed');
  sql(server, `UPDATE browser_session SET confirmed_at_ms = ${Date.now()}`);
  assert.equal((await client.delete('/api/v1/factors/totp')).status, 204);
  assert.equal((await client.delete('/api/v1/factors/totp')).status, 404);
  assert.equal(is(await client.get('/api/v1/factors'), 200).recovery_codes_left, 0);
  isProblem(await client.post('/api/v1/factors/recovery-codes'), 409, 'conflict');
  isProblem(await client.post('/api/v1/factors/totp/confirmation', { code: '123456' }), 409, 'conflict');
  is(await signIn(account), 200);
});

// --- where secrets are ---

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

function base32Bytes(base32) {
  let bits = '';
  for (const letter of base32) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

test('no file below DIR has a seed or a recovery code in clear; the key that seals is not in the database', async () => {
  const { account, secret, codes } = await withApp();
  is(await signIn(account, { code: codeOf(secret) }), 200);
  const clear = [Buffer.from(secret), base32Bytes(secret), ...codes.flatMap((code) => [Buffer.from(code), Buffer.from(code.replaceAll('-', ''))])];
  const key = readFileSync(join(server.data, 'keys/seal.key'));
  assert.equal(key.length, 32);
  assert.equal(statSync(join(server.data, 'keys/seal.key')).mode & 0o777, 0o600);
  await mailsOf(server, account.email); // what is being written has its name
  for (const path of filesBelow(server.data)) {
    const bytes = readFileSync(path);
    for (const one of clear) assert.equal(bytes.indexOf(one), -1, `${path} has ${one}`);
    if (!path.endsWith('seal.key')) assert.equal(bytes.indexOf(key), -1, path);
  }
});

// All that a process can read of its own, as root sees it.
function memoryHas(pid, needles) {
  const found = new Set();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line);
    if (!match || /\[vvar|\[vsyscall/.test(line)) continue;
    const [from, to] = [Number.parseInt(match[1], 16), Number.parseInt(match[2], 16)];
    const bytes = Buffer.alloc(to - from);
    let got = 0;
    try {
      got = readSync(memory, bytes, 0, bytes.length, from);
    } catch {
      continue; // a device, or gone
    }
    for (const needle of needles) if (bytes.subarray(0, got).includes(needle)) found.add(needle.toString('hex'));
  }
  closeSync(memory);
  return [...found];
}


test('after a sign-in the core’s memory has no seed, and no edge ever has one but in the answer that shows it', { skip: process.getuid() !== 0 ? 'memory is read by root only' : SLOWER > 1 && 'shadow memory has no end' }, async () => {
  const other = await Server.start();
  const { account, secret } = await withApp(other);
  const seed = base32Bytes(secret);
  // What an enrolment left is not this test's: another core takes over.
  process.kill(other.pidsOf('core')[0], 'SIGKILL');
  await until('another core signs in', async () => (await signIn(account, { code: codeOf(secret) }, other)).status === 200);
  is(await signIn(account, { code: codeOf(secret, 1) }, other), 200);
  assert.deepEqual(memoryHas(other.pidsOf('core')[0], [Buffer.from(account.email)]).length, 1); // the search finds
  assert.deepEqual(memoryHas(other.pidsOf('core')[0], [seed, Buffer.from(secret)]), []);
  assert.deepEqual(memoryHas(other.pidsOf('vault')[0], [seed, Buffer.from(secret)]), []);
  await other.stop();
});

// --- the vault ---

test('a vault that dies is started again, and nobody is refused for it', async () => {
  const { account, secret } = await withApp();
  const [vault] = server.pidsOf('vault');
  const codes = [codeOf(secret), codeOf(secret, 1)];
  process.kill(vault, 'SIGKILL');
  is(await signIn(account, { code: codes[0] }), 200);
  process.kill(server.pidsOf('vault')[0], 'SIGSTOP');
  const stopped = signIn(account, { code: codes[1] });
  await sleep(300);
  process.kill(server.pidsOf('vault')[0], 'SIGKILL');
  is(await stopped, 200);
  assert.notEqual(server.pidsOf('vault')[0], vault);
});

test('a vault that is silent: 503 in two seconds, everybody else goes on, and no code is spent', async () => {
  const { account, secret } = await withApp();
  const eve = await person();
  const [vault] = server.pidsOf('vault');
  process.kill(vault, 'SIGSTOP');
  const began = Date.now();
  const code = codeOf(secret);
  const waiting = signIn(account, { code });
  assert.equal((await new Client(server).get('/healthz')).status, 200);
  assert.ok(Date.now() - began < 1000 * SLOWER);
  const answer = await waiting;
  isProblem(answer, 503, 'busy');
  assert.ok(answer.headers['retry-after']);
  process.kill(vault, 'SIGCONT');
  is(await signIn(eve), 200);
  is(await signIn(account, { code }), 200);
});

test('a database with another key: codes cannot be read and the log says why; recovery codes go on', async () => {
  const other = await Server.start();
  const { account, secret, codes } = await withApp(other);
  await other.terminate();
  rmSync(join(other.data, 'keys/seal.key'));
  await other.start();
  isProblem(await signIn(account, { code: codeOf(secret) }, other), 500, 'internal');
  await until('the log', () => other.log.some((line) => /event=vault\.not_ours .*hint=/.test(line)));
  is(await signIn(account, { code: codes[0] }, other), 200);
  await other.stop();
});

test('a seal key that is damaged: told in words, and all but codes goes on', async () => {
  const other = await Server.start();
  const { account, secret, codes } = await withApp(other);
  await other.terminate();
  writeFileSync(join(other.data, 'keys/seal.key'), 'short');
  await other.start();
  assert.ok(other.log.some((line) => /seal\.key cannot be read or made/.test(line)));
  assert.ok(other.log.some((line) => /event=parent\.degraded .*child=vault/.test(line)));
  assert.equal((await signIn(account, { code: codeOf(secret) }, other)).status, 503);
  is(await signIn(account, { code: codes[0] }, other), 200);
  await other.stop();
});

// --- passkeys ---

// The server under a name: what its browsers' origin is.
const originOf = (on) => `https://localhost:${on.port}`;
const named = (client, on = server) => client.but({ Host: `localhost:${on.port}` });

// A client that keeps its cookies, under the name.
async function loginNamed(account, more = {}, on = server) {
  const browser = Client.browser(on, { Host: `localhost:${on.port}` });
  const answer = await browser.signIn({ ...account, ...more });
  assert.equal(answer.status, 200, answer.text);
  return browser;
}

async function withPasskey(options = {}, create = {}) {
  const account = await person();
  const client = await loginNamed(account);
  const device = new Authenticator(options);
  const { publicKey } = is(await client.post('/api/v1/factors/passkeys/options'), 200);
  const added = is(await client.post('/api/v1/factors/passkeys', { name: 'A phone', credential: device.create(publicKey, originOf(server), create) }), 201);
  return { account, client, device, id: added.id, codes: added.recovery_codes };
}

const question = async (on = server) => is(await named(Client.browser(on), on).get('/api/v1/login/passkey'), 200).publicKey;
const answerWith = (credential, on = server) => named(Client.browser(on), on).post('/api/v1/login/passkey', { credential });
const signInBy = async (device, change) => answerWith(device.get(await question(), originOf(server), change));

for (const [name, algorithm] of [['ES256', -7], ['EdDSA', -8], ['RS256', -257]])
  for (const packed of [false, true])
    test(`a passkey of ${name}${packed ? ', attested by itself' : ''} is added and signs in with nothing else`, async () => {
      const { account, client, device, id, codes } = await withPasskey({ algorithm }, { packed });
      assert.equal(codes.length, 10);
      const answer = await signInBy(device);
      assert.equal(is(answer, 200).email, account.email);
      assert.match(answer.headers['set-cookie'][0], /^__Host-session=/);
      const { passkeys } = is(await client.get('/api/v1/factors'), 200);
      assert.equal(passkeys.length, 1);
      assert.equal(passkeys[0].id, id);
      assert.equal(passkeys[0].name, 'A phone');
      assert.ok(Math.abs(Date.parse(passkeys[0].last_used_at) - Date.now()) < 60_000);
      const [mail] = (await mailsOf(server, account.email)).filter(({ kind }) => kind === 'factor-added');
      assert.match(mail.text, /What was added: the passkey “A phone”/);
    });

test('what the page is told to ask for', async () => {
  const { account, client, device } = await withPasskey();
  const { publicKey } = is(await client.post('/api/v1/factors/passkeys/options'), 200);
  assert.deepEqual(publicKey.rp, { id: 'localhost', name: 'OceanRemote' });
  assert.equal(Buffer.from(publicKey.user.id, 'base64url').length, 32);
  assert.equal(publicKey.user.id, device.userHandle);
  assert.equal(publicKey.user.name, account.email);
  assert.deepEqual(publicKey.pubKeyCredParams.map(({ alg }) => alg), [-7, -8, -257]);
  assert.deepEqual(publicKey.excludeCredentials, [{ type: 'public-key', id: device.id.toString('base64url') }]);
  assert.equal(publicKey.authenticatorSelection.residentKey, 'required');
  assert.equal(publicKey.attestation, 'none');
  const asked = await question();
  assert.deepEqual({ ...asked, challenge: '' }, { challenge: '', timeout: 300000, rpId: 'localhost', allowCredentials: [], userVerification: 'required' });
  assert.ok(Buffer.from(asked.challenge, 'base64url').length >= 16);
});

test('a passkey as second factor', async () => {
  const { account, device, codes } = await withPasskey();
  const browser = Client.browser(server, { Host: `localhost:${server.port}` });
  const ask = async () => isProblem(await browser.post('/api/v1/login', { ...account }), 401, 'code-needed');
  const needed = await ask();
  assert.deepEqual(needed.factors, ['recovery', 'passkey']);
  assert.deepEqual(needed.passkey.allowCredentials, [{ type: 'public-key', id: device.id.toString('base64url') }]);
  device.flags = FLAG.present; // the password has said who it is
  const answer = await browser.post('/api/v1/login', { ...account, passkey: device.get(needed.passkey, originOf(server), { withHandle: false }) });
  is(answer, 200);
  isProblem(await signInBy(device), 401, 'credentials-refused'); // nobody was recognised
  const another = new Authenticator();
  another.rpId = 'localhost';
  another.id = device.id;
  isProblem(await browser.post('/api/v1/login', { ...account, passkey: another.get((await ask()).passkey, originOf(server)) }), 401, 'code-refused');
  is(await browser.post('/api/v1/login', { ...account, code: codes[3] }), 200);
});

test('a passkey proves who sits there', async () => {
  const { client, device } = await withPasskey();
  const before = client.cookie('__Host-session');
  assert.equal((await client.post('/api/v1/session/confirmation', { passkey: device.get(await question(), originOf(server)) })).status, 204);
  assert.notEqual(client.cookie('__Host-session'), before);
  const other = await withPasskey();
  isProblem(await client.post('/api/v1/session/confirmation', { passkey: other.device.get(await question(), originOf(server)) }), 401, 'credentials-refused');
});

test('lies are refused: origin, challenge, type, a frame, another server, nobody there, another account’s handle', async () => {
  const { device } = await withPasskey();
  const { client: eve } = await withPasskey();
  const elsewhere = ['https://evil.example', `http://localhost:${server.port}`, `https://localhost:${server.port}0`, 'https://localhost', `https://localhost:${server.port}.evil.example`];
  for (const origin of elsewhere) isProblem(await answerWith(device.get(await question(), origin)), 401, 'credentials-refused');
  const made = is(await eve.post('/api/v1/factors/passkeys/options'), 200).publicKey; // a challenge of ours, for something else
  const changes = [{ challenge: 'AAAA' }, { challenge: made.challenge }, { type: 'webauthn.create' }, { crossOrigin: true }, { withHandle: false }];
  for (const change of changes) isProblem(await signInBy(device, change), 401, 'credentials-refused');
  device.rpId = 'evil.example';
  isProblem(await signInBy(device), 401, 'credentials-refused');
  device.rpId = 'localhost';
  device.flags = FLAG.verified;
  isProblem(await signInBy(device), 401, 'credentials-refused');
  device.flags = FLAG.present | FLAG.verified;
  const handle = device.userHandle;
  device.userHandle = Buffer.alloc(32).toString('base64url');
  isProblem(await signInBy(device), 401, 'credentials-refused');
  device.userHandle = handle;
  // The browser says that another page asks.
  isProblem(await named(Client.browser(server)).but({ Origin: 'https://evil.example' }).post('/api/v1/login/passkey', { credential: device.get(await question(), originOf(server)) }), 403, 'csrf-refused');
  is(await signInBy(device), 200);
});

test('an answer is good once, and one that is shown again was kept by somebody', async () => {
  const { device } = await withPasskey({ counts: false });
  const credential = device.get(await question(), originOf(server));
  is(await answerWith(credential), 200);
  isProblem(await answerWith(credential), 401, 'credentials-refused');
  is(await signInBy(device), 200); // it does not count
});

test('a copy of an authenticator is noticed by its count, refused, and told in the trail', async () => {
  const { client, device } = await withPasskey();
  is(await signInBy(device), 200);
  is(await signInBy(device), 200);
  device.count -= 2;
  isProblem(await signInBy(device), 401, 'credentials-refused');
  const { entries } = is(await client.get('/api/v1/audit'), 200);
  assert.ok(entries.some(({ event, subject }) => event === 'passkey.copied' && subject === 'A phone'));
});

test('what is no new passkey is refused, and a challenge is for who asked', async () => {
  const ada = await loginNamed(await person());
  const eve = await loginNamed(await person());
  const fresh = async (client = ada) => is(await client.post('/api/v1/factors/passkeys/options'), 200).publicKey;
  const post = (credential, name = 'x') => ada.post('/api/v1/factors/passkeys', { name, credential });
  const device = () => new Authenticator();
  const rows = [
    undefined, {}, { type: 'public-key' },
    device().create(await fresh(), 'https://evil.example'),
    device().create(await fresh(eve), originOf(server)),
    device().create(await fresh(), originOf(server), { type: 'webauthn.get' }),
    device().create(await fresh(), originOf(server), { crossOrigin: true }),
    device().create({ ...(await fresh()), rp: { id: 'evil.example' } }, originOf(server)),
    { ...device().create(await fresh(), originOf(server)), rawId: 'AAAA' },
  ];
  for (const credential of rows) assert.equal(isProblem(await post(credential), 422, 'invalid-value').field, 'credential');
  isProblem(await post(7), 422, 'invalid-value');
  const good = device().create(await fresh(), originOf(server));
  assert.equal(isProblem(await post(good, ''), 422, 'invalid-value').field, 'name');
  is(await post(good), 201);
  isProblem(await post(good), 422, 'invalid-value'); // the challenge is spent
});

test('a passkey is one account’s, named and removed by its owner alone; at most twenty', async () => {
  const { client, device, id } = await withPasskey();
  const eve = await loginNamed(await person());
  const options = is(await eve.post('/api/v1/factors/passkeys/options'), 200).publicKey;
  const stolen = device.create(options, originOf(server));
  isProblem(await eve.post('/api/v1/factors/passkeys', { name: 'mine', credential: stolen }), 409, 'conflict');
  for (const name of ['', 'x'.repeat(65), 'a\nb']) isProblem(await client.patch(`/api/v1/factors/passkeys/${id}`, { name }), 422, 'invalid-value');
  assert.deepEqual(is(await client.patch(`/api/v1/factors/passkeys/${id}`, { name: 'Ada’s' }), 200), { id, name: 'Ada’s' });
  for (const path of [`/api/v1/factors/passkeys/${id}`, '/api/v1/factors/passkeys/x', '/api/v1/factors/passkeys/99999999']) {
    assert.equal((await eve.patch(path, { name: 'x' })).status, 404);
    assert.equal((await eve.delete(path)).status, 404);
  }
  for (let i = 0; i < 19; i++) {
    const { publicKey } = is(await client.post('/api/v1/factors/passkeys/options'), 200);
    const added = is(await client.post('/api/v1/factors/passkeys', { name: `${i}`, credential: new Authenticator().create(publicKey, originOf(server)) }), 201);
    assert.equal(added.recovery_codes, undefined);
  }
  const { publicKey } = is(await client.post('/api/v1/factors/passkeys/options'), 200);
  assert.equal(publicKey.excludeCredentials.length, 20);
  isProblem(await client.post('/api/v1/factors/passkeys', { name: 'x', credential: new Authenticator().create(publicKey, originOf(server)) }), 409, 'conflict');
  assert.equal((await client.delete(`/api/v1/factors/passkeys/${id}`)).status, 204);
  device.userHandle = publicKey.user.id;
  isProblem(await signInBy(device), 401, 'credentials-refused');
});

test('an address is no name: passkeys say so, and codes go on', async () => {
  const client = await Client.login(server, await person());
  for (const answer of [await client.post('/api/v1/factors/passkeys/options'), await Client.browser(server).get('/api/v1/login/passkey')])
    assert.match(isProblem(answer, 409, 'conflict').detail, /name/);
  for (const host of ['[::1]:8443', '127.0.0.1', '1.2.3', 'a_b.example', 'ocean.example/x'])
    assert.ok([400, 409].includes((await client.but({ Host: host }).get('/api/v1/login/passkey')).status), host);
});

test('with the setting url, passkeys belong to its name and no other', async () => {
  const other = await Server.start({ settings: { url: 'https://ocean.example' } });
  const at = (host) => Client.browser(other, { Host: host }).get('/api/v1/login/passkey');
  assert.equal(is(await at('ocean.example'), 200).publicKey.rpId, 'ocean.example');
  assert.equal(is(await at('OCEAN.example'), 200).publicKey.rpId, 'ocean.example');
  for (const host of ['evil.example', 'ocean.example:8443', `localhost:${other.port}`]) isProblem(await at(host), 409, 'conflict');
  await other.stop();
});

// --- who must have one ---

test('who must have a second factor, and has none, gets as far as adding one', async () => {
  const other = await Server.start({ settings: { second_factor: 'admins' } });
  const root = await Client.login(other, await person({ admin: true }, other));
  const key = await Client.login(other, await person({}, other)).then((ada) => ada.withKey('read'));
  is(await key.get('/api/v1/devices'), 200);
  assert.equal(is(await root.get('/api/v1/me'), 200).second_factor_required, true);
  assert.equal(is(await root.get('/api/v1/factors'), 200).required, true);
  for (const [method, path] of [['GET', '/api/v1/devices'], ['POST', '/api/v1/devices'], ['GET', '/api/v1/sessions'], ['GET', '/api/v1/api-keys'], ['GET', '/api/v1/events'], ['DELETE', '/api/v1/account'], ['GET', '/api/v1/account/export']])
    isProblem(await root.send(method, path, { body: method === 'GET' ? undefined : {} }), 403, 'second-factor-required');
  await early();
  const { secret } = is(await root.post('/api/v1/factors/totp'), 200);
  is(await root.post('/api/v1/factors/totp/confirmation', { code: codeOf(secret, -1) }), 200);
  is(await root.get('/api/v1/devices'), 200);
  assert.equal(is(await root.get('/api/v1/me'), 200).second_factor_required, undefined);
  isProblem(await root.delete('/api/v1/factors/totp'), 409, 'conflict');
  await other.stop();
});
