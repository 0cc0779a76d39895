// The life of an account that makes itself: registered, confirmed, its password forgotten, changed, its address changed,
// taken along, deleted.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { auditOf } from './lib/audit.mjs';
import { Client } from './lib/client.mjs';
import { sql } from './lib/database.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { makeCertificate } from './lib/mail.mjs';
import { kindsTo, mailsOf, tokenOf, tokensOf } from './lib/mailbox.mjs';
import { form, proof, proofs, solve } from './lib/proof.mjs';
import { PASSWORD, Server, run, sleep, until } from './lib/server.mjs';

const OTHER = 'a heron waits beside the weir';

let server, nobody;

before(async () => {
  server = await Server.start();
  nobody = new Client(server);
});
after(() => server.stop());

const register = (email, shown, more = {}) => nobody.post('/api/v1/registration', { email, password: PASSWORD, website: '', ...shown, ...more });
const confirm = (token) => nobody.post('/api/v1/confirmation', { token });
const login = (email, password = PASSWORD) => nobody.post('/api/v1/login', { email, password });
const askForReset = (email, shown) => nobody.post('/api/v1/password-reset', { email, ...shown });
const finishReset = (token, password) => nobody.post('/api/v1/password-reset/finish', { token, password });

async function signUp(email, password = PASSWORD) {
  is(await register(email, await proof(nobody), { password }), 202);
  is(await confirm(await tokenOf(server, email, 'confirm-signup')), 204);
  return Client.login(server, { email, password });
}

const count = (what) => sql(server, `SELECT count(*) FROM ${what}`)[0][0];

const namesField = (answer, field) => assert.equal(isProblem(answer, 422, 'invalid-value').field, field, answer.text);

// What a caller can tell two answers apart by.
function seen({ status, headers, text }) {
  const { date, ...others } = headers;
  return JSON.stringify({ status, headers: others, text });
}

test('the form says what it asks for', async () => {
  const given = await form(nobody);
  assert.match(given.form, /^[A-Za-z0-9_-]{88}$/);
  assert.ok(given.bits >= 18 && given.bits <= 22, `${given.bits}`);
  assert.equal(given.password_min, 12);
  assert.equal(given.disposable_mail, 'warn');
  assert.equal('turnstile_site_key' in given, false);
  assert.notEqual((await form(nobody)).form, given.form);
  is(await nobody.get('/api/v1/registration-form?for=mail'), 200);
  namesField(await nobody.get('/api/v1/registration-form?for=fun'), 'for');
});

test('registered, confirmed, signed in; the link is good once', async () => {
  const email = 'ada@example.org';
  const shown = await proof(nobody);
  const answer = await register('Ada@Example.org', shown);
  assert.deepEqual(is(answer, 202), {});
  assert.deepEqual(await kindsTo(server, email), ['confirm-signup']);

  isProblem(await login(email), 403, 'confirmation-pending');
  isProblem(await login(email, OTHER), 401, 'credentials-refused');
  const token = await tokenOf(server, email, 'confirm-signup');
    is(await confirm(token), 204);
  isProblem(await confirm(token), 410, 'link-expired');
  const ada = await Client.login(server, { email });
  assert.equal(is(await ada.get('/api/v1/me'), 200).admin, false);
  const events = auditOf(server).map(({ event }) => event);
  for (const event of ['signup.asked', 'login.pending', 'account.added']) assert.ok(events.includes(event), event);
});

test('a form is good from three seconds on, solved, once', async () => {
  const early = await form(nobody);
  const work = solve(early);
  namesField(await register('early@example.org', { form: early.form, work }), 'form');
  await sleep(3100);
  const spoilt = early.form.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const wrong = { 'no work': { form: early.form, work: '' }, 'other work': { form: early.form, work: `${work}1` }, 'a forged form': { form: spoilt, work }, 'no form': { form: '', work } };
  for (const [what, shown] of Object.entries(wrong)) assert.equal((await register('early@example.org', shown)).status, 422, what);
  assert.deepEqual(await kindsTo(server, 'early@example.org'), []);
  // Both at once: whichever has its hash first.
  const both = await Promise.all(['early@example.org', 'late@example.org'].map((email) => register(email, { form: early.form, work })));
  assert.deepEqual(both.map(({ status }) => status).sort(), [202, 422]);
  namesField(await register('early@example.org', { form: early.form, work }), 'form');
  assert.equal((await mailsOf(server)).filter(({ to }) => /early|late/.test(to)).length, 1);
});

test('what is wrong is named, and costs no form', async () => {
  const shown = await proof(nobody);
  for (const email of ['', 'ada', 'ada@', '@example.org', 'a b@example.org', 'ada@example.org\r\nBcc: eve@example.org', `${'a'.repeat(65)}@example.org`, `a@${'b'.repeat(260)}`])
    namesField(await register(email, shown), 'email');
  for (const password of ['short', 'eleven char', 'a'.repeat(257)]) namesField(await register('wrong@example.org', shown, { password }), 'password');
  for (const member of ['email', 'password', 'form', 'work']) namesField(await register('wrong@example.org', shown, { [member]: 7 }), member);
  assert.deepEqual(await kindsTo(server, 'wrong@example.org'), []);
  is(await register('wrong@example.org', shown), 202);
});

test('a password that is guessed early is refused, and told why', async () => {
  const [shown] = await proofs(nobody, 1);
  for (const password of ['password1234', 'ada.lovelace99', 'qwertyuiopasdf', 'oceanremote2026'])
    namesField(await register('ada.lovelace99@example.org', shown, { password }), 'password');
  is(await register('ada.lovelace99@example.org', shown), 202); // and its form is still good
});

test('addresses that are thrown away: a warning, or a refusal where the operator wants one', async () => {
  await server.addUser('known@mailinator.com');
  const shown = await proofs(nobody, 2);
  const [known, unknown] = [await register('known@mailinator.com', shown.pop()), await register('unknown@mailinator.com', shown.pop())];
  assert.match(is(known, 202).warning, /thrown away/);
  assert.equal(seen(known), seen(unknown));
  const strict = await Server.start({ settings: { disposable_mail: 'refuse' } });
  try {
    const client = new Client(strict);
    const given = await proof(client);
    namesField(await client.post('/api/v1/registration', { email: 'ada@mailinator.com', password: PASSWORD, ...given }), 'email');
    is(await client.post('/api/v1/registration', { email: 'ada@example.org', password: PASSWORD, ...given }), 202);
  } finally {
    await strict.stop();
  }
});

test('the hidden field: thanked, and nothing happens', async () => {
  const shown = await proof(nobody);
  const answer = await register('bot@example.org', shown, { website: 'https://spam.example' });
  assert.deepEqual(is(answer, 202), {});
  assert.deepEqual(await kindsTo(server, 'bot@example.org'), []);
  assert.ok(auditOf(server).some(({ event, subject }) => event === 'signup.trapped' && subject === 'bot@example.org'));
});

test('known and unknown addresses: the same answers, to the byte', async () => {
  await server.addUser('known@example.org');
  const shown = await proofs(nobody, 6, 'mail');
  const pairs = [
    (email) => register(email, shown.pop()),
    (email) => askForReset(email, shown.pop()),
    (email) => nobody.post('/api/v1/confirmation/resend', { email, ...shown.pop() }),
  ];
  for (const ask of pairs) assert.equal(seen(await ask('known@example.org')), seen(await ask('unknown@example.org')));
  assert.deepEqual(await kindsTo(server, 'known@example.org'), ['signup-known', 'reset']);
  assert.deepEqual(await kindsTo(server, 'unknown@example.org'), ['confirm-signup', 'confirm-signup']);
  // The sign-up of an address that has an account changes nothing about it.
  isProblem(await login('known@example.org', OTHER), 401, 'credentials-refused');
  is(await login('known@example.org'), 200);
});

test('nobody prepares an account for somebody else: the link decides whose password it has', async () => {
  const email = 'owner@example.org';
  const [mine, theirs] = await proofs(nobody, 2);
  is(await register(email, mine), 202);
  const token = await tokenOf(server, email, 'confirm-signup');
  is(await register(email, theirs, { password: OTHER }), 202);
  const stranger = await tokenOf(server, email, 'confirm-signup');
  is(await confirm(token), 204);
  isProblem(await confirm(stranger), 410, 'link-expired');
  is(await login(email), 200);
  isProblem(await login(email, OTHER), 401, 'credentials-refused');
});

test('a mailbox gets three mails of a kind an hour, whoever asks, and nobody is told', async () => {
  const email = 'flooded@example.org';
  const answers = [];
  for (const shown of await proofs(nobody, 5)) answers.push(seen(await register(email, shown)));
  assert.equal(new Set(answers).size, 1);
  assert.deepEqual(await kindsTo(server, email), Array(3).fill('confirm-signup'));
});

test('a forgotten password: everybody is out, keys stay, no link is left', async () => {
  const email = 'forgetful@example.org';
  const owner = await signUp(email);
  const key = await owner.withKey('read');
  const shown = await proofs(nobody, 2, 'mail');
  is(await askForReset(email, shown.pop()), 202);
  is(await askForReset(email, shown.pop()), 202);
  const [other, token] = await tokensOf(server, email, 'reset');
  namesField(await finishReset(token, 'short'), 'password');
  const done = await finishReset(token, OTHER);
  is(done, 204);
  assert.equal(done.headers['set-cookie'], undefined); // it signs nobody in
  for (const used of [token, other]) isProblem(await finishReset(used, PASSWORD), 410, 'link-expired');
  assert.equal((await kindsTo(server, email)).at(-1), 'password-changed');
  isProblem(await owner.get('/api/v1/me'), 401, 'unauthenticated');
  is(await key.get('/api/v1/me'), 200);
  isProblem(await login(email), 401, 'credentials-refused');
  is(await login(email, OTHER), 200);
});

test('links of one purpose are not good for another, and made-up ones for none', async () => {
  const email = 'purposes@example.org';
  await signUp(email);
  is(await askForReset(email, await proof(nobody, 'mail')), 202);
  const token = await tokenOf(server, email, 'reset');
  isProblem(await confirm(token), 410, 'link-expired');
  for (const text of ['', 'oc_mail_', token.slice(0, -1), `${token}A`, token.replace('oc_mail_', 'oc_api__')]) {
    isProblem(await confirm(text), 410, 'link-expired');
    isProblem(await finishReset(text, OTHER), 410, 'link-expired');
  }
  is(await finishReset(token, OTHER), 204);
});

test('another password: this browser goes on, others do not', async () => {
  const email = 'changes@example.org';
  const here = await signUp(email);
  const there = await Client.login(server, { email });
  namesField(await here.post('/api/v1/account/password', { password: 'short' }), 'password');
  const cookie = here.cookie('__Host-session');
  is(await here.post('/api/v1/account/password', { password: OTHER }), 204);
  assert.notEqual(here.cookie('__Host-session'), cookie); // another id, with what it may do
  is(await here.get('/api/v1/me'), 200);
  isProblem(await there.get('/api/v1/me'), 401, 'unauthenticated');
  assert.equal((await kindsTo(server, email)).at(-1), 'password-changed');
  is(await login(email, OTHER), 200);
});

test('another address: the new one confirms, the old one is told twice, and its links are dead', async () => {
  const email = 'moves@example.org';
  const owner = await signUp(email);
  is(await askForReset(email, await proof(nobody, 'mail')), 202);
  const old = await tokenOf(server, email, 'reset');
  namesField(await owner.post('/api/v1/account/email', { email }), 'email');
  namesField(await owner.post('/api/v1/account/email', { email: 'nowhere' }), 'email');
  is(await owner.post('/api/v1/account/email', { email: 'first@example.org' }), 202);
  const first = await tokenOf(server, 'first@example.org', 'confirm-email');
  is(await owner.post('/api/v1/account/email', { email: 'moved@example.org' }), 202);
  isProblem(await confirm(first), 410, 'link-expired'); // the newest counts
  assert.equal((await kindsTo(server, email)).at(-1), 'email-changing');
  assert.equal(is(await owner.get('/api/v1/me'), 200).email, email); // not yet
  is(await confirm(await tokenOf(server, 'moved@example.org', 'confirm-email')), 204);
  assert.equal(is(await owner.get('/api/v1/me'), 200).email, 'moved@example.org');
  assert.equal((await kindsTo(server, email)).at(-1), 'email-changed');
  isProblem(await finishReset(old, OTHER), 410, 'link-expired');
  isProblem(await login(email), 401, 'credentials-refused');
  is(await login('moved@example.org'), 200);
});

test("somebody else's address is asked for like any other, and never got", async () => {
  await server.addUser('taken@example.org');
  const owner = await signUp('wants@example.org');
  const [free, taken] = [await owner.post('/api/v1/account/email', { email: 'free@example.org' }), await owner.post('/api/v1/account/email', { email: 'taken@example.org' })];
  assert.equal(seen(free), seen(taken));
  assert.deepEqual(await kindsTo(server, 'taken@example.org'), []);
  // Taken between the asking and the link.
  is(await owner.post('/api/v1/account/email', { email: 'soon@example.org' }), 202);
  const token = await tokenOf(server, 'soon@example.org', 'confirm-email');
  await server.addUser('soon@example.org');
  isProblem(await confirm(token), 410, 'link-expired');
});

test('whoever has not proved lately who they are changes nothing', async () => {
  const email = 'idle@example.org';
  const owner = await signUp(email);
  const key = await owner.withKey('manage');
  const asks = [
    (client) => client.post('/api/v1/account/password', { password: OTHER }),
    (client) => client.post('/api/v1/account/email', { email: 'else@example.org' }),
    (client) => client.delete('/api/v1/account', { body: { email } }),
  ];
  for (const ask of asks) {
    isProblem(await ask(nobody), 401, 'unauthenticated');
    isProblem(await ask(key), 403, 'forbidden');
    isProblem(await ask(owner.but({ 'X-CSRF-Token': undefined })), 403, 'csrf-refused');
  }
  isProblem(await key.get('/api/v1/account/export'), 403, 'forbidden');
  isProblem(await key.get('/api/v1/account/export/readings'), 403, 'forbidden');
});

const MINUTE = 60_000;
const rows = ({ text }) => text.trim().split('\r\n').slice(1).map((line) => line.split(','));

test('everything is there to take along, page by page, and no secret in it', async () => {
  const owner = await signUp('leaves@example.org');
  const key = await owner.withKey('read');
  const device = await Device.enrol(owner, 'Buoy, "north"');
  const start = Math.floor(Date.now() / MINUTE - 9000) * MINUTE;
  const metrics = ['temp', 'humidity'];
  for (let at = 0; at < 9000; at += 90) {
    const readings = Array.from({ length: 90 }, (_, i) => ({ metric: metrics[i % 2], time_ms: start + (at + i) * MINUTE, value: at + i }));
    is(await device.post('/device/v1/readings', { batch: `b${at}`, readings }), 204);
  }
  is(await owner.patch(`/api/v1/devices/${device.id}/desired`, { switches: { relay1: true } }), 200);
  const answer = await owner.get('/api/v1/account/export');
  const all = is(answer, 200);
  assert.match(answer.headers['content-disposition'], /^attachment/);
  assert.equal(all.account.email, 'leaves@example.org');
  assert.deepEqual(all.api_keys.map(({ name, scope }) => [name, scope]), [['a read key', 'read']]);
  assert.equal(all.sessions.length, 1);
  assert.equal(all.devices.length, 1);
  assert.deepEqual(all.devices[0].desired, { switches: { relay1: true } });
  assert.equal(all.trail_is_whole, true);
  for (const event of ['account.added', 'device.added', 'api_key.added']) assert.ok(all.trail.some((entry) => entry.event === event), event);
  assert.equal('next' in all, false);
  for (const secret of [key.headers.Authorization.slice(7), owner.cookie('__Host-session'), PASSWORD, 'pbkdf2']) assert.equal(answer.text.includes(secret), false);

  const lines = [];
  let after = '', pages = 0;
  do {
    const page = await owner.get(`/api/v1/account/export/readings${after && `?after=${after}`}`);
    assert.equal(page.status, 200, page.text);
    assert.equal(page.headers['content-type'], 'text/csv; charset=utf-8');
    assert.equal(page.text.split('\r\n')[0], 'device_id,device,metric,minute,min,mean,max,count');
    lines.push(...rows(page));
    after = page.headers['x-next'];
    pages++;
  } while (after);
  assert.equal(pages, 2);
  assert.equal(lines.length, 9000);
  assert.equal(new Set(lines.map((line) => line.join())).size, 9000);
  assert.equal(lines[0][0], device.id);
  assert.ok(lines[0].join().includes('"Buoy, ""north"""'));
  const temps = lines.filter((line) => line.at(-6) === 'temp').map((line) => Number(line.at(-3)));
  assert.deepEqual(temps, Array.from({ length: 4500 }, (_, i) => i * 2));
  for (const wrong of ['x', '1', '1.2', '1.2.3.4', '-1.2.3', '99999999999999999999.1.1']) namesField(await owner.get(`/api/v1/account/export/readings?after=${wrong}`), 'after');
  namesField(await owner.get('/api/v1/account/export?after=dev_nothing'), 'after');
  const bob = await signUp('other@example.org');
  assert.deepEqual(rows(await bob.get('/api/v1/account/export/readings')), []);
  assert.deepEqual(rows(await bob.get('/api/v1/account/export/readings?after=1.1.1')), []);
});

test('deleted: nobody signs in, no key, device or stream of it is anybody, the address is free', async () => {
  const email = 'goes@example.org';
  const owner = await signUp(email);
  const key = await owner.withKey('manage');
  const there = await Client.login(server, { email });
  const device = await Device.enrol(owner);
  is(await device.post('/device/v1/readings', { batch: 'b', readings: [{ metric: 'temp', time_ms: Date.now(), value: 1 }] }), 204);
  const pending = await owner.addDevice('not yet there');
  const held = device.get('/device/v1/desired?after=0&wait=60');
  await sleep(100);
  namesField(await owner.delete('/api/v1/account', { body: { email: 'other@example.org' } }), 'email');
  const answer = await owner.delete('/api/v1/account', { body: { email: 'Goes@example.org' } });
  is(answer, 204);
  assert.match(answer.headers['set-cookie'].join(), /__Host-session=;.*Max-Age=0/);
  assert.match(answer.headers['clear-site-data'], /storage/);
  is(await held, 204);
  for (const client of [owner, there, key]) isProblem(await client.get('/api/v1/me'), 401, 'unauthenticated');
  isProblem(await device.get('/device/v1/desired'), 401, 'session-expired');
  isProblem(await device.post('/device/v1/register', device.registration(pending.registration_token)), 401, 'registration-refused');
  const { answer: first } = await device.beginSession();
  assert.equal(first.status, 200); // as for any name that nobody has
  isProblem(await login(email), 401, 'credentials-refused');
  assert.equal((await kindsTo(server, email)).at(-1), 'account-removed');
  await until('all that it owned is gone', () => count('account WHERE removed_at_ms > 0') === 0);
  assert.equal(count(`device WHERE public_id = '${device.id}'`), 0);
  assert.equal(count("audit WHERE event = 'account.removed' AND subject = 'goes@example.org'"), 1);
  // Whoever comes next, with the same address too, starts with a trail of their own.
  const next = await signUp(email);
  const trail = is(await next.get('/api/v1/account/export'), 200).trail.map(({ event }) => event);
  assert.equal(trail.includes('account.removed'), false);
  assert.equal(trail.includes('device.added'), false);
});

test('the last who may administer the server stays', async () => {
  const email = 'root@example.org';
  const admin = await Client.login(server, await server.addUser(email, { admin: true }));
  const problem = isProblem(await admin.delete('/api/v1/account', { body: { email } }), 409, 'conflict');
  assert.match(problem.detail, /administrator/);
  await server.addUser('root2@example.org', { admin: true });
  is(await admin.delete('/api/v1/account', { body: { email } }), 204);
});

test('closed: no registration, but a forgotten password can be renewed', async () => {
  const closed = await Server.start({ settings: { registration: 'closed' } });
  try {
    const client = new Client(closed);
    const { email } = await closed.addUser('ada@example.org');
    isProblem(await client.get('/api/v1/registration-form'), 403, 'registration-closed');
    const shown = await proof(client, 'mail');
    isProblem(await client.post('/api/v1/registration', { email: 'new@example.org', password: PASSWORD, ...shown }), 403, 'registration-closed');
    is(await client.post('/api/v1/password-reset', { email, ...shown }), 202);
    is(await client.post('/api/v1/password-reset/finish', { token: await tokenOf(closed, email, 'reset'), password: OTHER }), 204);
    is(await client.post('/api/v1/login', { email, password: OTHER }), 200);
  } finally {
    await closed.stop();
  }
});

// A stand-in for Cloudflare's service: each token is good once, and "robot" never.
async function turnstile(directory) {
  const { cert, key } = makeCertificate(directory, 'turnstile');
  const used = new Set();
  const stand = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    let body = '';
    for await (const bytes of request) body += bytes;
    const form = new URLSearchParams(body);
    const token = form.get('response');
    const success = form.get('secret') === '1x0000000000000000000000000000000AA' && token !== 'robot' && !used.has(token);
    used.add(token);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ success, 'error-codes': success ? [] : ['invalid-input-response'] }));
  }).listen(0, '127.0.0.1');
  await once(stand, 'listening');
  const settings = { 'turnstile.site_key': '1x00000000000000000000AA', 'turnstile.secret_file': join(directory, 'secret'), 'turnstile.url': `https://localhost:${stand.address().port}/siteverify`, 'outbound.ca': cert };
  writeFileSync(join(directory, 'secret'), '1x0000000000000000000000000000000AA\n');
  const close = () => (stand.close(), stand.closeAllConnections());
  return { settings, close };
}

test('Turnstile where both its keys are set: asked once a registration; out of reach, the setting decides', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-turnstile-'));
  const stand = await turnstile(directory);
  const server = await Server.start({ settings: stand.settings });
  try {
    const client = new Client(server);
    assert.equal((await form(client)).turnstile_site_key, '1x00000000000000000000AA');
    const send = (email, shown, token) => client.post('/api/v1/registration', { email, password: PASSWORD, ...shown, ...(token ? { turnstile: token } : {}) });
    const [shown, more] = await proofs(client, 2);
    for (const token of [undefined, 'robot', 'x'.repeat(2049)]) namesField(await send('ada@example.org', shown, token), 'turnstile');
    is(await send('ada@example.org', shown, 'person'), 202);
    namesField(await send('bob@example.org', more, 'person'), 'turnstile'); // the token was used
    stand.close();
    isProblem(await send('bob@example.org', more, 'another person'), 503, 'busy');
    assert.deepEqual((await mailsOf(server)).map(({ to }) => to), ['ada@example.org']);
  } finally {
    await server.stop();
  }
  const lenient = await Server.start({ settings: { ...stand.settings, 'turnstile.when_unreachable': 'accept' } });
  try {
    const client = new Client(lenient);
    is(await client.post('/api/v1/registration', { email: 'ada@example.org', password: PASSWORD, ...(await proof(client)), turnstile: 'person' }), 202);
  } finally {
    await lenient.stop();
    rmSync(directory, { recursive: true });
  }
});

test('when many register, each form asks for more work', async () => {
  const busy = await Server.start();
  try {
    const client = new Client(busy);
    const first = (await form(client, 'mail')).bits;
    assert.equal(first, 18);
    const shown = await proofs(client, 33, 'mail');
    for (const [i, one] of shown.entries()) is(await client.post('/api/v1/password-reset', { email: `p${i}@example.org`, ...one }), 202);
    assert.equal((await form(client, 'mail')).bits, 19);
  } finally {
    await busy.stop();
  }
});

test('whoever runs the server removes an account, and a running one notices', async () => {
  const { email } = await server.addUser('leaving@example.org');
  const browser = await Client.login(server, { email });
  const remove = () => run(['user', 'remove', '--data', server.data, '--email', email]);
  assert.equal((await remove()).code, 0);
  isProblem(await browser.get('/api/v1/me'), 401, 'unauthenticated');
  isProblem(await new Client(server).post('/api/v1/login', { email, password: PASSWORD }), 401, 'credentials-refused');
  assert.equal((await remove()).code, 1);
});
