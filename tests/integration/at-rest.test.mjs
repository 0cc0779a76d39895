// What lies in DIR after the whole story of an account: every secret that was shown to anybody is searched for in every file,
// and none of them is there. Mails are the one exception: they are what the links are for.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is } from './lib/expect.mjs';
import { tokenOf } from './lib/mailbox.mjs';
import { proof } from './lib/proof.mjs';
import { Server } from './lib/server.mjs';

// One step of the story each: what it does, and the secrets that were shown in it, by name. Each step has what those before it
// left in `story`. Add yours at the end.
const STEPS = [
  async function registers(story) {
    const [email, password] = ['ada@example.org', 'an osprey dives at the ebb'];
    is(await story.nobody.post('/api/v1/registration', { email, password, website: '', ...(await proof(story.nobody)) }), 202);
    const link = await tokenOf(story.server, email, 'confirm-signup');
    is(await story.nobody.post('/api/v1/confirmation', { token: link }), 204);
    Object.assign(story, { email, password });
    return { 'the first password': password, 'the link of the registration': link };
  },
  async function registersAndNeverConfirms({ nobody, server }) {
    const [email, password] = ['eve@example.org', 'a pelican sleeps on the pier'];
    is(await nobody.post('/api/v1/registration', { email, password, website: '', ...(await proof(nobody)) }), 202);
    return { 'the password of a sign-up': password, 'the link of a sign-up': await tokenOf(server, email, 'confirm-signup') };
  },
  async function forgetsThePassword(story) {
    const password = 'three gulls over the breakwater';
    is(await story.nobody.post('/api/v1/password-reset', { email: story.email, ...(await proof(story.nobody, 'mail')) }), 202);
    const link = await tokenOf(story.server, story.email, 'reset');
    is(await story.nobody.post('/api/v1/password-reset/finish', { token: link, password }), 204);
    story.password = password;
    return { 'the second password': password, 'the link of the reset': link };
  },
  async function signsIn(story) {
    story.browser = await Client.login(story.server, story);
    return { 'the session': story.browser.cookie('__Host-session'), 'the known browser': story.browser.cookie('__Host-browser') };
  },
  async function choosesAnotherPassword(story) {
    const password = 'a lantern swings in the fog';
    is(await story.browser.post('/api/v1/account/password', { password }), 204);
    return { 'the third password': password, 'the session after it': story.browser.cookie('__Host-session') };
  },
  async function asksForAnotherAddress(story) {
    is(await story.browser.post('/api/v1/account/email', { email: 'ada@example.net' }), 202);
    return { 'the link of the new address': await tokenOf(story.server, 'ada@example.net', 'confirm-email') };
  },
  async function makesAnApiKey({ browser }) {
    const key = await browser.withKey('read');
    return { 'the API key': key.headers.Authorization.slice('Bearer '.length) };
  },
  async function addsADevice({ browser }) {
    const pending = await browser.addDevice('not yet there');
    const device = await Device.enrol(browser, 'there');
    return { 'the registration token': pending.registration_token, 'the session of a device': device.headers.Authorization.slice('Bearer '.length) };
  },
  async function triesAWrongPassword({ nobody, email }) {
    const password = 'what ada never would have chosen';
    assert.equal((await nobody.post('/api/v1/login', { email, password })).status, 401);
    return { 'a wrong password': password };
  },
];

// Every file below a directory but those of `but`.
function* filesOf(directory, but) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (path === but) continue;
    if (entry.isDirectory()) yield* filesOf(path, but);
    else if (entry.isFile()) yield path;
  }
}

// As it is, and as what it may have been decoded to: the bytes of a base64url text behind its prefix.
function formsOf(secret) {
  const bare = secret.replace(/^oc_[a-z]+_/, '');
  const forms = [Buffer.from(secret), Buffer.from(bare)];
  if (/^[A-Za-z0-9_-]{43}$/.test(bare)) forms.push(Buffer.from(bare, 'base64url'), Buffer.from(Buffer.from(bare, 'base64url').toString('hex')));
  return forms;
}

function holders(secret, { data }) {
  const forms = formsOf(secret);
  return [...filesOf(data, join(data, 'mail'))].filter((path) => {
    const bytes = readFileSync(path);
    return forms.some((form) => bytes.includes(form));
  });
}

let server;
const secrets = {};

before(async () => {
  server = await Server.start();
  const story = { server, nobody: new Client(server) };
  for (const step of STEPS) Object.assign(secrets, await step(story));
});
after(() => server.stop());

test('what is searched for can be found', () => {
  assert.ok(Object.keys(secrets).length >= 13);
  for (const [name, secret] of Object.entries(secrets)) assert.ok(typeof secret === 'string' && secret.length >= 20, name);
  const files = [...filesOf(server.data, join(server.data, 'mail'))].map((path) => path.slice(server.data.length + 1));
  for (const name of ['db/oceanremote.db', 'db/oceanremote.db-wal']) assert.ok(files.includes(name), `${files}`);
  assert.notDeepEqual(holders('ada@example.org', server), []); // no secret, and there
});

test('no secret that was shown lies in any file of DIR, while the server runs', () => {
  for (const [name, secret] of Object.entries(secrets)) assert.deepEqual(holders(secret, server), [], name);
});

test('nor in what it said', () => {
  for (const [name, secret] of Object.entries(secrets)) assert.equal(server.log.some((line) => line.includes(secret)), false, name);
});

test('nor when it has ended, and the log of the database has become part of it', async () => {
  await server.terminate();
  for (const [name, secret] of Object.entries(secrets)) assert.deepEqual(holders(secret, server), [], name);
  await server.start();
});
