// Sessions: another id after an hour, the list, proving again who sits there, browsers that are known, and how often
// somebody may try to sign in to one account.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { sql } from './lib/database.mjs';
import { EventStream } from './lib/events.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { kindsTo, mailsOf } from './lib/mailbox.mjs';
import { PASSWORD, Server, sleep, until } from './lib/server.mjs';

const HOUR = 3_600_000;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const SAFARI = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1';

let server, nobody, people = 0;

before(async () => {
  server = await Server.start();
  nobody = new Client(server);
});
after(() => server.stop());

// An account of its own for each test.
const person = (on = server) => on.addUser(`person${++people}@example.org`);
const idOf = ({ email }, on = server) => sql(on, `SELECT id FROM account WHERE email = '${email}'`)[0][0];

// Time passes for the sessions of this account.
function pass(account, ms, on = server) {
  const id = idOf(account, on);
  sql(on, `UPDATE browser_session SET rotated_at_ms = rotated_at_ms - ${ms}, confirmed_at_ms = confirmed_at_ms - ${ms},
    seen_at_ms = CASE seen_at_ms WHEN 0 THEN 0 ELSE seen_at_ms - ${ms} END WHERE account_id = ${id}`);
}

const trailOf = async (client) => is(await client.get('/api/v1/audit'), 200).entries.map(({ event, detail }) => [event, detail]);

// The same browser as it is now: what it does later changes nothing here.
const frozen = (client) => new Client(server, { 'X-CSRF-Token': client.headers['X-CSRF-Token'], Cookie: `${client.headers.Cookie}` });

test('after an hour of use the cookie is another one, whatever is answered; the token stays', async () => {
  const ways = {
    'an answer': (c) => c.get('/api/v1/me'),
    'an empty one': (c) => c.delete('/api/v1/sessions'),
    'a problem': (c) => c.get('/api/v1/devices/dev_AAAAAAAAAAAA'),
    'a forged request': (c) => c.post('/api/v1/devices', {}, { headers: { 'X-CSRF-Token': 'x' } }),
    'a wrong media type': (c) => c.post('/api/v1/devices', 'x', { headers: { 'Content-Type': 'text/plain' } }),
    'an answer that waits for a hash': (c) => c.post('/api/v1/session/confirmation', { password: 'not the right one' }),
  };
  for (const [what, ask] of Object.entries(ways)) {
    const account = await person();
    const ada = await Client.login(server, account);
    const [first, csrf] = [ada.cookie('__Host-session'), ada.headers['X-CSRF-Token']];
    is(await ada.get('/api/v1/me'), 200);
    assert.equal(ada.cookie('__Host-session'), first, what);
    pass(account, HOUR);
    const { headers } = await ask(ada);
    assert.match(headers['set-cookie']?.[0] ?? '', /^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/, what);
    assert.notEqual(ada.cookie('__Host-session'), first, what);
    const me = await ada.get('/api/v1/me');
    assert.equal(is(me, 200).csrf, csrf, what);
    assert.equal(me.headers['set-cookie'], undefined, what);
    assert.equal((await ada.get('/api/v1/sessions')).json.sessions.length, 1);
  }
});

test('an event stream brings the new cookie in its head', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  pass(account, HOUR);
  const stream = await EventStream.open(ada);
  assert.match(stream.headers['set-cookie'][0], /^__Host-session=[\w-]{43};/);
  is(await ada.get('/api/v1/me'), 200);
  const { id } = (await ada.get('/api/v1/sessions')).json.sessions[0];
  is(await ada.delete(`/api/v1/sessions/${id}`), 204);
  await stream.ended(); // it is the session's, not the cookie's
});

test('a lost answer ends nothing: the old cookie goes on, and is told the same new one', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const before = frozen(ada);
  pass(account, HOUR);
  const told = new Set();
  for (let i = 0; i < 3; i++) {
    const again = new Client(server, { ...before.headers });
    is(await again.get('/api/v1/me'), 200);
    told.add(again.cookie('__Host-session'));
    pass(account, 5 * HOUR);
  }
  assert.equal(told.size, 1);
  const next = new Client(server, { Cookie: `__Host-session=${[...told][0]}` });
  is(await next.get('/api/v1/me'), 200);
});

test('many requests at once around the change all go well', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  pass(account, HOUR);
  const old = frozen(ada);
  const answers = await Promise.all(Array.from({ length: 20 }, () => old.but({}).get('/api/v1/me')));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(new Set(answers.map(({ headers }) => headers['set-cookie']?.[0])).size, 1);
});

test('an old cookie that is shown later is stolen: the session ends, its owner hears of it', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const stolen = frozen(ada);
  pass(account, HOUR);
  is(await ada.get('/api/v1/me'), 200);
  is(await ada.get('/api/v1/me'), 200); // with the new one
  const stream = await EventStream.open(ada);
  const early = new Client(server, { ...stolen.headers });
  is(await early.get('/api/v1/me'), 200); // within the minute
  assert.equal((await early.get('/api/v1/me')).headers['set-cookie'], undefined);
  pass(account, 61_000);
  const problem = isProblem(await stolen.get('/api/v1/me'), 401, 'unauthenticated');
  assert.match(problem.detail, /two places/);
  isProblem(await ada.get('/api/v1/me'), 401, 'unauthenticated');
  await stream.ended();
  assert.equal((await kindsTo(server, account.email)).at(-1), 'session-stolen');
  const again = await Client.login(server, account);
  assert.ok((await trailOf(again)).some(([event, detail]) => event === 'session.ended' && /stolen/.test(detail)));
});

test('signing in anew in a browser takes the place of its session', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const before = frozen(ada);
  is(await ada.signIn(account), 200);
  assert.notEqual(ada.cookie('__Host-session'), before.cookie('__Host-session'));
  assert.notEqual(ada.headers['X-CSRF-Token'], before.headers['X-CSRF-Token']);
  isProblem(await before.get('/api/v1/me'), 401, 'unauthenticated');
  assert.equal((await ada.get('/api/v1/sessions')).json.sessions.length, 1);
});

test('the list says which browser, from where, since when; one or all others are ended with their streams', async () => {
  const account = await person();
  const ada = Client.browser(server, { 'User-Agent': FIREFOX });
  const phone = Client.browser(server, { 'User-Agent': SAFARI }, '127.0.0.77');
  const odd = Client.browser(server, { 'User-Agent': '<script>' });
  for (const one of [ada, phone, odd]) is(await one.signIn(account), 200);
  const { sessions } = is(await ada.get('/api/v1/sessions'), 200);
  const shown = sessions.map(({ current, browser, system, address, network, signed_in_with: how }) => [current, browser, system, address, network, how]);
  assert.deepEqual(shown.sort(), [
    [false, 'Safari', 'iPhone', '127.0.0.77', 'this machine', 'password'],
    [false, 'Unknown browser', 'unknown system', '127.0.0.1', 'this machine', 'password'],
    [true, 'Firefox', 'Linux', '127.0.0.1', 'this machine', 'password'],
  ].sort());
  for (const { id, created_at: created, last_used_at: used } of sessions) {
    assert.ok(Number.isInteger(id));
    assert.match(created, /^20\d\d-/);
    assert.match(used, /^20\d\d-/);
  }
  const stream = await EventStream.open(phone);
  const other = await EventStream.open(odd);
  const idOfPhone = sessions.find(({ browser }) => browser === 'Safari').id;
  is(await ada.delete(`/api/v1/sessions/${idOfPhone}`), 204);
  await stream.ended();
  isProblem(await phone.get('/api/v1/me'), 401, 'unauthenticated');
  isProblem(await ada.delete(`/api/v1/sessions/${idOfPhone}`), 404, 'not-found');
  is(await odd.get('/api/v1/me'), 200);
  is(await ada.delete('/api/v1/sessions'), 204);
  await other.ended();
  isProblem(await odd.get('/api/v1/me'), 401, 'unauthenticated');
  is(await ada.get('/api/v1/me'), 200);
  const stranger = await Client.login(server, await person());
  const [{ id }] = (await ada.get('/api/v1/sessions')).json.sessions;
  isProblem(await stranger.delete(`/api/v1/sessions/${id}`), 404, 'not-found');
});

test('proving again who sits there: a new cookie, and the old one gains nothing', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  pass(account, 11 * 60_000);
  const before = frozen(ada);
  const guarded = (client) => client.post('/api/v1/account/password', { password: 'short' });
  isProblem(await guarded(ada), 403, 'confirmation-needed');
  isProblem(await ada.post('/api/v1/session/confirmation', { password: 'not her password' }), 401, 'credentials-refused');
  isProblem(await guarded(ada), 403, 'confirmation-needed');
  assert.equal(ada.cookie('__Host-session'), before.cookie('__Host-session'));
  is(await ada.post('/api/v1/session/confirmation', { password: PASSWORD }), 204);
  assert.notEqual(ada.cookie('__Host-session'), before.cookie('__Host-session'));
  is(await ada.get('/api/v1/me'), 200);
  const old = await before.get('/api/v1/me');
  is(old, 200); // for a minute
  assert.equal(old.headers['set-cookie'], undefined); // but is not told the new one
  isProblem(await guarded(before), 403, 'confirmation-needed');
  isProblem(await guarded(ada), 422, 'invalid-value');
  const [[confirmed]] = sql(server, `SELECT confirmed_at_ms FROM browser_session WHERE account_id = ${idOf(account)}`);
  assert.ok(Date.now() - confirmed < 60_000);
  assert.ok((await trailOf(ada)).some(([event]) => event === 'session.confirmed'));
  assert.ok((await trailOf(ada)).some(([event]) => event === 'session.not_confirmed'));
  isProblem(await ada.post('/api/v1/session/confirmation', {}), 401, 'credentials-refused');
  for (let i = 0; i < 3; i++) await ada.post('/api/v1/session/confirmation', { password: 'a guess' });
  const refused = await ada.post('/api/v1/session/confirmation', { password: PASSWORD });
  isProblem(refused, 429, 'too-many-requests');
  assert.equal(refused.headers['ratelimit-policy'], '"confirmations";q=5;w=60');
});

test('a sign-in counts for ten minutes as having proved it', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const guarded = () => ada.post('/api/v1/account/password', { password: 'short' });
  isProblem(await guarded(), 422, 'invalid-value');
  pass(account, 9.5 * 60_000);
  isProblem(await guarded(), 422, 'invalid-value');
  pass(account, 60_000);
  isProblem(await guarded(), 403, 'confirmation-needed');
});

test('a change of the password is a change of rights: another cookie, and the other sessions end', async () => {
  const account = await person();
  const [ada, other] = [await Client.login(server, account), await Client.login(server, account)];
  const stream = await EventStream.open(other);
  const before = frozen(ada);
  is(await ada.post('/api/v1/account/password', { password: 'a heron waits in the reeds' }), 204);
  assert.notEqual(ada.cookie('__Host-session'), before.cookie('__Host-session'));
  is(await ada.get('/api/v1/me'), 200);
  isProblem(await other.get('/api/v1/me'), 401, 'unauthenticated');
  await stream.ended();
  isProblem(await before.post('/api/v1/account/password', { password: 'a heron waits in the dunes' }), 403, 'confirmation-needed');
});

test('a browser that has signed in is known: for half a year, to this host, over signing out', async () => {
  const account = await person();
  const ada = Client.browser(server, { 'User-Agent': FIREFOX });
  const first = await ada.signIn(account);
  const line = first.headers['set-cookie'].find((text) => text.startsWith('__Host-browser='));
  assert.match(line, /^__Host-browser=oc_kb_[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=15552000$/);
  const known = ada.cookie('__Host-browser');
  const out = await ada.post('/api/v1/logout');
  assert.equal(out.headers['clear-site-data'], '"cache", "storage"');
  assert.equal(ada.cookie('__Host-session'), undefined);
  assert.equal(ada.cookie('__Host-browser'), known);
  isProblem(await ada.get('/api/v1/me'), 401, 'unauthenticated'); // it opens nothing
  is(await ada.signIn(account), 200);
  assert.notEqual(ada.cookie('__Host-browser'), known);
  assert.deepEqual(await mailsOf(server, account.email), []); // the first sign-in, and a browser that is known
  const phone = Client.browser(server, { 'User-Agent': SAFARI });
  is(await phone.signIn(account), 200);
  const [mail] = await mailsOf(server, account.email);
  assert.equal(mail.kind, 'new-browser');
  assert.match(mail.text, /Safari on iPhone/);
  is(await phone.signIn(account), 200);
  assert.equal((await mailsOf(server, account.email)).length, 1);
});

test('the own trail, newest first, a page at a time', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const id = idOf(account);
  sql(server, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
    INSERT INTO audit (at_ms, account_id, event, subject, peer, detail) SELECT i, ${id}, 'test.row', 'row ' || i, zeroblob(16), '' FROM n`);
  const seen = [];
  for (let next; ; ) {
    const page = is(await ada.get(`/api/v1/audit${next ? `?before=${next}` : ''}`), 200);
    assert.ok(page.entries.length <= 50);
    seen.push(...page.entries);
    next = page.next;
    if (next === undefined) break;
  }
  const ids = seen.map((entry) => entry.id);
  assert.deepEqual(ids, [...ids].sort((a, b) => b - a));
  assert.equal(seen.filter(({ event }) => event === 'test.row').length, 120);
  const opened = seen.find(({ event }) => event === 'session.opened');
  assert.deepEqual([opened.subject, opened.address, opened.detail], [account.email, '127.0.0.1', 'password, Unknown browser on unknown system']);
  assert.equal(seen.find(({ event }) => event === 'test.row').address, null);
  const other = await Client.login(server, await person());
  assert.ok((await trailOf(other)).every(([event]) => event !== 'test.row'));
  for (const before of ['x', '-1', '1.5', '99999999999999999999']) assert.equal(isProblem(await ada.get(`/api/v1/audit?before=${before}`), 422, 'invalid-value').field, 'before');
  assert.deepEqual(is(await ada.get('/api/v1/audit?before=0'), 200), { entries: [] });
});

test('API keys end when they were told to', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const made = is(await ada.post('/api/v1/api-keys', { name: 'a day', scope: 'read', expires_in_days: 1 }), 201);
  assert.ok(Math.abs(Date.parse(made.expires_at) - Date.now() - 24 * HOUR) < 60_000);
  const [listed] = (await ada.get('/api/v1/api-keys')).json.api_keys;
  assert.equal(listed.expires_at, made.expires_at);
  const key = new Client(server, { Authorization: `Bearer ${made.key}` });
  is(await key.get('/api/v1/me'), 200);
  sql(server, `UPDATE api_key SET expires_at_ms = expires_at_ms - ${25 * HOUR} WHERE id = ${made.id}`);
  assert.match(isProblem(await key.get('/api/v1/me'), 401, 'unauthenticated').detail, /expired/);
  for (const days of [0, 3651, -1, 1.5, '7', true, [], 1e300])
    assert.equal(isProblem(await ada.post('/api/v1/api-keys', { name: 'x', scope: 'read', expires_in_days: days }), 422, 'invalid-value').field, 'expires_in_days', `${days}`);
  for (const days of [1, 3650, null]) is(await ada.post('/api/v1/api-keys', { name: 'x', scope: 'read', expires_in_days: days }), 201);
  const [mail] = await mailsOf(server, account.email);
  assert.equal(mail.kind, 'key-added');
  assert.match(mail.text, /a day/);
});

test('no cookie is in the files of the server', async () => {
  const account = await person();
  const ada = await Client.login(server, account);
  const texts = [ada.cookie('__Host-session'), ada.cookie('__Host-browser')];
  pass(account, HOUR);
  is(await ada.get('/api/v1/me'), 200);
  texts.push(ada.cookie('__Host-session'));
  is(await ada.post('/api/v1/session/confirmation', { password: PASSWORD }), 204);
  texts.push(ada.cookie('__Host-session'));
  for (const name of readdirSync(server.data, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const bytes = readFileSync(join(name.path, name.name));
    for (const text of texts) assert.ok(!bytes.includes(text), name.name);
    for (const text of texts) assert.ok(!bytes.includes(Buffer.from(text.replace('oc_kb_', ''), 'base64url')), name.name);
  }
});

/* ---- how often ---- */

// Tries from as many addresses as there are: host(1), host(2), …
let nets = 0;
function addresses() {
  const net = ++nets;
  return (host) => `127.3.${net}.${host}`;
}
const guess = (on, host, email) => new Client(on, {}, host).post('/api/v1/login', { email, password: 'a guess' });

test('ten tries in ten minutes at one account, from however many addresses, known or not', async () => {
  const limited = await Server.start({ limited: true });
  const account = await person(limited);
  const texts = new Set();
  for (const email of [account.email, 'nobody@example.org', 'no address at all']) {
    const host = addresses();
    const answers = [];
    for (let i = 0; i < 13; i++) answers.push(await guess(limited, host(i + 1), i % 2 ? email.toUpperCase() : email));
    const statuses = answers.map(({ status }) => status);
    if (email.includes('@')) assert.deepEqual(statuses, [...Array(10).fill(401), 429, 429, 429], email);
    const refused = answers.at(-1);
    if (!email.includes('@')) continue;
    const wait = Number(refused.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 60, `Retry-After: ${wait}`);
    assert.equal(refused.headers['ratelimit-policy'], '"account-logins";q=10;w=600');
    assert.match(refused.headers.ratelimit, /^"account-logins";r=0;t=\d+$/);
    for (const words of [/browser that you have signed in with/, /passkey/, /by mail/]) assert.match(isProblem(refused, 429, 'too-many-requests').detail, words);
    texts.add(refused.text + Object.keys(refused.headers).join());
  }
  assert.equal(texts.size, 1);
  // Nobody else is concerned.
  const other = await person(limited);
  is(await Client.browser(limited, {}, '127.3.99.1').signIn(other), 200);
  await limited.stop();
});

test("a browser that is known has its own tries when strangers have used up the account's; it is still asked for the password", async () => {
  const limited = await Server.start({ limited: true });
  const account = await person(limited);
  const host = addresses();
  const ada = Client.browser(limited, {}, host(200));
  is(await ada.signIn(account), 200);
  for (let i = 0; i < 12; i++) await guess(limited, host(i + 1), account.email);
  isProblem(await new Client(limited, {}, host(201)).post('/api/v1/login', account), 429, 'too-many-requests');
  // A cookie of another account, or made up, is no help.
  const other = Client.browser(limited, {}, host(202));
  is(await other.signIn(await person(limited)), 200);
  isProblem(await other.signIn(account), 429, 'too-many-requests');
  const made = new Client(limited, { Cookie: `__Host-browser=oc_kb_${'A'.repeat(43)}` }, host(203));
  isProblem(await made.post('/api/v1/login', account), 429, 'too-many-requests');
  isProblem(await ada.post('/api/v1/login', { ...account, password: 'wrong' }, { headers: { 'X-CSRF-Token': undefined } }), 401, 'credentials-refused');
  is(await ada.signIn(account), 200);
  // That gives strangers nothing back.
  isProblem(await guess(limited, host(204), account.email), 429, 'too-many-requests');
  await limited.stop();
});

test('who signs in from a browser that is not known makes the tries before it forgotten', async () => {
  const limited = await Server.start({ limited: true });
  const account = await person(limited);
  const host = addresses();
  for (let i = 0; i < 9; i++) isProblem(await guess(limited, host(i + 1), account.email), 401, 'credentials-refused');
  is(await new Client(limited, {}, host(100)).post('/api/v1/login', account), 200);
  for (let i = 0; i < 10; i++) isProblem(await guess(limited, host(i + 1), account.email), 401, 'credentials-refused');
  isProblem(await guess(limited, host(101), account.email), 429, 'too-many-requests');
  await limited.stop();
});

test('a browser that is known has five a minute', async () => {
  const limited = await Server.start({ limited: true, settings: { 'limits.login_per_min': 1000 } });
  const account = await person(limited);
  const ada = await Client.login(limited, account);
  const statuses = [];
  for (let i = 0; i < 7; i++) statuses.push((await ada.post('/api/v1/login', { ...account, password: 'wrong' })).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
  await limited.stop();
});

test('a dry run only says so', async () => {
  const dry = await Server.start({ limited: true, settings: { 'limits.dry_run': 'on' } });
  const account = await person(dry);
  const host = addresses();
  for (let i = 0; i < 12; i++) isProblem(await guess(dry, host(i + 1), account.email), 401, 'credentials-refused');
  await until('the log says it', () => dry.log.some((line) => /event=api.would_refuse .*limit=account-logins/.test(line)));
  await dry.stop();
});

test('strangers fill half of the queue of hashes, and whoever is known goes first', async () => {
  const busy = await Server.start({ settings: { hash_threads: 1, password_iterations: 600000 } });
  const account = await person(busy);
  const ada = await Client.login(busy, account);
  let waiting = 40;
  const guesses = Array.from({ length: 40 }, (_, i) => guess(busy, `127.3.250.${i + 1}`, `stranger${i}@example.org`).finally(() => waiting--));
  await sleep(300);
  is(await ada.signIn(account), 200);
  assert.ok(waiting >= 8, `${waiting} strangers still wait`);
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 503).length >= 20, `${statuses}`);
  assert.ok(statuses.filter((status) => status === 401).length >= 12, `${statuses}`);
  await busy.stop();
});
