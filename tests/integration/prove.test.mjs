// `oceanremote prove` is green on a server as it is started, and red when what it looks at is switched off: for every
// question that it can ask there is one lie here, and it must notice that one and no other.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { is } from './lib/expect.mjs';
import { Meddler } from './lib/meddler.mjs';
import { PASSWORD, PROGRAM, Server, run, sleep, until } from './lib/server.mjs';

const isRoot = process.getuid() === 0;
const EMAIL = 'ada@example.org';

// As it is started, but for the port; and one that has no limits to stand in the way of many questions.
let real, loose;
const directories = [];

before(async () => {
  real = await Server.start({ limited: true, settings: { password_iterations: 600000, http: '127.0.0.1:0' } });
  loose = await Server.start({ settings: { password_iterations: 600000 } });
  for (const server of [real, loose]) await server.addUser(EMAIL);
});
after(async () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  await real.stop();
  await loose.stop();
});

const nameOf = (server) => server.url.replace('127.0.0.1', 'localhost');

// { code, report, checks: { 'S1: name': result }, broken: [...] }
async function prove(args, input = '') {
  const { code, stdout, stderr } = await run([...'prove --json'.split(' '), ...args], { input, cwd: tmpdir() });
  if (stdout === '') return { code, stderr };
  const report = JSON.parse(stdout);
  const all = report.rows.flatMap(({ row, checks }) => checks.map((check) => ({ ...check, key: `${row}: ${check.check}` })));
  return {
    code,
    report,
    checks: Object.fromEntries(all.map(({ key, result }) => [key, result])),
    details: Object.fromEntries(all.map(({ key, detail }) => [key, detail])),
    broken: all.filter(({ result }) => result === 'broken').map(({ key }) => key),
  };
}

// What somebody in front must offer to be taken for ours.
const OUR_HELLO = { ecdhCurve: 'X25519:P-256', minVersion: 'TLSv1.3' };

const around = (server) => ['--server', nameOf(server), '--ca', join(server.data, 'ca.pem'), '--data', server.data];

// ---- green --------------------------------------------------------------------------------------------------------

test('a server as it is started: nothing is broken, from inside, outside and with an account', async () => {
  const { code, report, checks, details, broken } = await prove([...around(real), '--http', `localhost:${real.also('http')[0]}`, '--email', EMAIL], `${PASSWORD}\n`);
  assert.deepEqual(broken.map((key) => `${key}: ${details[key]}`), []);
  assert.equal(code, 0);
  assert.equal(report.broken, 0);
  assert.equal(report.inside, true);
  // Whatever has a lie below has been asked here.
  const unasked = LIES.flatMap(({ red }) => red).filter((key) => checks[key] !== 'kept');
  const hidden = isRoot ? [] : ['process: only the keyring has key files open', 'process: each kind of child is another user than root'];
  assert.deepEqual(unasked.filter((key) => !hidden.includes(key)), []);
  assert.equal(report.rows.find(({ row }) => row === 'S4').result, 'kept');
  assert.equal(report.rows.find(({ row }) => row === 'S6').result, 'not_yet');
  assert.equal(report.rows.find(({ row }) => row === 'D4').result, 'not_checked_here');
  // It has left no ban behind.
  is(await new Client(real).get('/healthz'), 200);
});

test('from outside only, through somebody in front of it: few questions, and those it cannot ask are not answered', async () => {
  const server = await Server.start({ limited: true });
  const front = await Meddler.start(server, { tls: OUR_HELLO });
  const { code, report, checks, details, broken } = await prove(['--server', front.url, '--ca', join(server.data, 'ca.pem')]);
  front.stop();
  await server.stop();
  assert.deepEqual(broken.map((key) => `${key}: ${details[key]}`), []);
  assert.equal(report.inside, false);
  assert.equal(code, 0);
  for (const [key, result] of Object.entries(checks)) if (/^(P3|process|S5: (no|every)|M1|M4)/.test(key)) assert.notEqual(result, 'kept', key);
  console.log(`a whole run: ${front.connections} connections, ${front.requests} requests`);
  assert.ok(front.connections <= 60 && front.requests <= 300, `${front.connections} connections, ${front.requests} requests`);
});

test('for people: a table of at most a hundred columns that says the same', async () => {
  const { code, stdout } = await run(['prove', ...around(loose), '--row', 'A3', '--row', 'S6', '--row', 'S5']);
  assert.equal(code, 0);
  assert.ok(stdout.split('\n').every((line) => line.length <= 100));
  assert.match(stdout, /^A3 {6}Browsable API off in production \[kept\]$/m);
  assert.match(stdout, /^ {2}kept {14}no explorer answers: /m);
  assert.match(stdout, /^S6 {6}.*\[not yet\]$/m);
  assert.match(stdout, /^\d+ kept, 0 BROKEN, 0 not checked here, 2 not yet$/m);
  assert.doesNotMatch(stdout, /^S4/m);
});

test('wrong use is 2; no server, and a directory that cannot be read, are 1', async () => {
  for (const args of [['--server', 'http://localhost'], ['--server', 'localhost:8443'], ['--row', 'Z9'], ['--nonsense'], ['x']])
    assert.equal((await prove(args)).code, 2, args.join(' '));
  const ca = join(real.data, 'ca.pem');
  for (const args of [['--server', 'https://127.0.0.1:1', '--ca', ca], ['--server', nameOf(real), '--data', '/nowhere/at/all'],
    ['--server', nameOf(real), '--ca', join(real.data, 'lock')], ['--server', nameOf(real), '--ca', ca, '--email', EMAIL]]) {
    const { code, stderr } = await prove(args);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, /^oceanremote: .+\n$/);
  }
});

test('a directory that no server uses says nothing about one that runs elsewhere', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-prove-'));
  directories.push(directory);
  writeFileSync(join(directory, 'lock'), `${real.process.pid}\n`);
  const { checks, broken } = await prove(['--server', nameOf(real), '--ca', join(real.data, 'ca.pem'), '--data', directory, '--row', 'process', '--row', 'M4', '--row', 'M1']);
  assert.deepEqual(broken, []);
  for (const [key, result] of Object.entries(checks)) if (!/setting/.test(key)) assert.notEqual(result, 'kept', key);
});

// ---- red: somebody lies ----------------------------------------------------------------------------------------------

const isPage = (m) => m.method === 'GET' && m.path === '/' && m.status === 200;
const onPage = (change) => ({ answered: (m) => isPage(m) && change(m) });
const when = (path, change, method = 'GET') => ({ answered: (m) => m.path === path && m.method === method && change(m) });
const kinds = [
  ['S4: on a page', isPage],
  ['S4: on a file', (m) => m.status === 200 && /^\/.+\.js$/.test(m.path)],
  ['S4: on an answer of the API', (m) => m.path === '/api/v1/healthz' && m.status === 200],
  ['S4: on a 401', (m) => m.status === 401],
  ['S4: on a 404', (m) => m.status === 404],
  ['S4: on a 405', (m) => m.path === '/healthz' && m.status === 405],
  ['S4: on a request that cannot be read', (m) => m.status === 400],
];

const LIES = [
  // the hello
  { red: ['S1: older versions are refused'], tls: { minVersion: 'TLSv1.2' } },
  { red: ['S1: TLS 1.3 is spoken', 'S1: older versions are refused', 'S1: only strong suites', 'S1: only X25519 and P-256'], tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } },
  { red: ['S1: only strong suites'], tls: { ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_8_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0' } },
  { red: ['S1: only X25519 and P-256'], tls: { ecdhCurve: 'X25519:P-256:P-384' } },
  { red: ['S1: only X25519 and P-256'], tls: { ecdhCurve: 'X25519' } },
  { red: ['S1: the certificate is good and names this host'], certificate: { authority: 'another' } },
  { red: ['S1: the certificate is good and names this host'], certificate: { name: 'elsewhere.example' } },
  { red: ['S1: the certificate is good and names this host'], certificate: { days: 3 } },
  { red: ['S1: HSTS for a year, subdomains included'], ...onPage((m) => m.drop('Strict-Transport-Security')) },
  { red: ['S1: HSTS for a year, subdomains included'], ...onPage((m) => m.set('Strict-Transport-Security', 'max-age=31536000')) },
  { red: ['S1: HSTS for a year, subdomains included'], ...onPage((m) => m.set('Strict-Transport-Security', 'max-age=86400; includeSubDomains')) },
  // the other listeners
  ...[(path) => (path === '/' ? [200, {}] : [403, {}]), (path) => [308, { Location: `https://localhost${path}` }], () => [403, {}],
    (path) => (path === '/' ? [308, { Location: 'http://localhost/' }] : [403, {}]), (path) => (path === '/' ? [308, { Location: 'https://localhost/' }] : [401, {}]),
  ].map((plain) => ({ red: ['S1: the plain listener redirects pages and refuses credentials'], plain })),
  ...[{ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0' }, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }].map((tls) => ({
    red: ['S1: TLS 1.2 is for old devices alone, if at all'], legacy: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ...tls },
  })),
  // what every answer carries
  ...kinds.map(([key, of]) => ({ red: [key], answered: (m) => of(m) && m.drop('X-Content-Type-Options') })),
  ...['X-Frame-Options', 'Referrer-Policy', 'Cross-Origin-Opener-Policy', 'Cross-Origin-Resource-Policy', 'Strict-Transport-Security', 'Permissions-Policy'].map(
    (name) => ({ red: ['S4: on a page'], ...onPage((m) => m.drop(name)) }),
  ),
  { red: ['S4: on a page'], ...onPage((m) => m.set('X-Frame-Options', 'SAMEORIGIN')) },
  { red: ['S4: on a 401'], answered: (m) => m.status === 401 && m.drop('Content-Security-Policy') },
  { red: ['S4: pages run only scripts of ours, with Trusted Types'], ...onPage((m) => m.set('Content-Security-Policy', m.field('Content-Security-Policy').replace("script-src 'self'", "script-src 'self'; style-src-attr 'unsafe-inline'"))) },
  { red: ['S4: pages run only scripts of ours, with Trusted Types'], ...onPage((m) => m.set('Content-Security-Policy', m.field('Content-Security-Policy').replace("require-trusted-types-for 'script';", ''))) },
  { red: ['S4: no answer tells program or version'], ...when('/healthz', (m) => m.set('Server', 'ocean/1.0')) },
  { red: ['S4: no answer tells program or version'], answered: (m) => m.status === 400 && m.set('X-Powered-By', 'C') },
  { red: ['S4: TRACE and unknown methods are refused'], answered: (m) => m.method === 'TRACE' && (m.status = 200) },
  { red: ['S4: TRACE and unknown methods are refused'], answered: (m) => m.method === 'PROVE' && (m.body = 'X-Echo: an-echo-of-ours') },
  { red: ['S4: a sign-in from another origin is refused'], asked: (m) => m.drop('Origin') },
  { red: ['S4: a sign-in that another site sent is refused'], asked: (m) => m.drop('Sec-Fetch-Site') },
  { red: ['S4: a change without its CSRF token is refused'], answered: (m) => m.status === 403 && m.path === '/api/v1/logout' && (m.status = 200) },
  // who gets in
  { red: ['A1: every route without a credential', 'A1: every route with a made-up credential'], ...when('/api/v1/devices', (m) => (m.status = 200)) },
  { red: ['A1: every route without a credential'], answered: (m) => m.path === '/device/v1/reported' && !m.request.fields.some(([name]) => name === 'Authorization') && (m.status = 200) },
  { red: ['A1: every route with a made-up credential'], answered: (m) => m.path === '/api/v1/events' && m.request.fields.some(([name]) => name === 'Authorization') && (m.status = 403) },
  { red: ['A1: paths that are none are 404'], ...when('/device/v2/readings', (m) => (m.status = 401)) },
  { red: ['A3: no explorer answers'], ...when('/swagger', (m) => (m.status = 200)) },
  { red: ['A3: no explorer answers'], ...when('/docs', (m) => (m.status = 302)) },
  { red: ['A3: no explorer answers'], ...when('/api/v1/me', (m) => m.set('Content-Type', 'text/html; charset=utf-8')) },
  { red: ['D2: a made-up token is refused'], ...when('/device/v1/register', (m) => (m.status = 201), 'POST') },
  ...['Secure', 'HttpOnly', 'SameSite=Strict', 'Path=/'].map((attribute) => ({
    red: ['U5: the cookie is locked down'],
    answered: (m) => m.field('Set-Cookie') && m.set('Set-Cookie', m.field('Set-Cookie').replace(`; ${attribute}`, '')),
  })),
  { red: ['U5: the cookie is locked down'], asked: (m) => m.field('Cookie') && m.set('Cookie', `__Host-${m.field('Cookie')}`),
    answered: (m) => m.field('Set-Cookie') && m.set('Set-Cookie', m.field('Set-Cookie').replace('__Host-', '')) },
  { red: ['U5: signing out ends the session'], asked: (m) => (m.path === '/api/v1/logout' ? 'HTTP/1.1 204 No Content\r\n\r\n' : undefined) },
  { red: ['U6: known and unknown accounts are answered alike'], answered: (m) => m.path === '/api/v1/login' && m.status === 401 && m.request.body.includes(EMAIL) && (m.body = m.body.replace('Check', 'Look at')) },
  { red: ['U6: known and unknown accounts are answered alike'], answered: (m) => m.path === '/api/v1/login' && m.status === 401 && !m.request.body.includes(EMAIL) && (m.status = 404) },
  // accounts
  { red: ['U1: a registration without its proof of work is refused'], ...when('/api/v1/registration', (m) => (m.status = 202), 'POST') },
  { red: ['U1: a registration without its proof of work is refused'], ...when('/api/v1/registration-form', (m) => (m.body = m.body.replace(/"bits":\d+/, '"bits":0'))) },
  { red: ['S5: a common password is refused'], ...when('/api/v1/registration', (m) => (m.status = 202), 'POST') },
  { red: ['U2: a made-up link confirms nothing'], ...when('/api/v1/confirmation', (m) => (m.status = 204), 'POST') },
  { red: ['U5: its owner sees the session in a list'], ...when('/api/v1/sessions', (m) => (m.body = m.body.replaceAll('"current":true', '"current":false'))) },
  { red: ['U5: proving who one is changes the id'], ...when('/api/v1/session/confirmation', (m) => m.drop('Set-Cookie'), 'POST') },
  { red: ['A2: a device that is not ours is 404'], ...when('/api/v1/devices/dev_000000000000', (m) => (m.status = 403), 'DELETE') },
  { red: ['U4: apps, passkeys and recovery codes'], ...when('/api/v1/factors', (m) => (m.body = m.body.replace('passkeys', 'faces'))) },
  { red: ['U4: a wrong code turns nothing on'], ...when('/api/v1/factors/totp/confirmation', (m) => (m.status = 200), 'POST') },
  // what is too much: the server that has no limits, and one whose refusals say too little
  ...[['S2: the 11th connection is refused'], ['S2: the API answers 20 requests a second'], ['S2: the 6th sign-in in a minute is refused'], ['S2: the 3rd registration in a minute is refused']].map(
    (red) => ({ red, rows: [], alone: true }),
  ),
  ...['Retry-After', 'RateLimit-Policy', 'RateLimit', 'Content-Type'].map((name) => ({
    red: ['A4: an excess of requests is told when to come back'], limited: true,
    answered: (m) => m.status === 429 && m.path !== '/api/v1/login' && m.drop(name),
  })),
  { red: ['U6: an excess of sign-ins is told when to come back'], limited: true, answered: (m) => m.status === 429 && m.path === '/api/v1/login' && m.set('Retry-After', '0') },
  // the trail
  { red: ['M1: our refused sign-in is in the trail'], rows: ['M1'], inside: true, asked: (m) => (m.path === '/api/v1/login' ? 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n' : undefined) },
  // red below, by other means
  ...['M4: a scanner\'s path is answered, logged, and bans', 'M4: no setting loosens it', 'S1: no setting loosens it', 'S5: no setting loosens it', 'S2: no setting loosens it', 'D8: no setting loosens it',
    'A4: no setting loosens it', 'U1: no setting loosens it', 'U3: no setting loosens it', 'U4: no setting loosens it', 'U6: no setting loosens it', 'U2: links, sessions, keys and tokens rest as digests', 'S5: every password hash is strong enough', 'P3: keys and data are for the server alone',
    'process: a child cannot gain rights', 'process: a child makes only the system calls on its list', 'process: a child has no capability',
    'process: each kind of child is another user than root', 'process: only the keyring has key files open', 'process: nothing ends in a core file',
  ].map((key) => ({ red: [key], alone: true })),
];

// A certificate for the meddler, as openssl makes it.
async function certificateOf(server, { authority = 'own', name = 'localhost', days = 90 }) {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-prove-'));
  directories.push(directory);
  const at = (file) => join(directory, file);
  const openssl = async (...args) => {
    const { code, stderr } = await run(args, { program: 'openssl' });
    assert.equal(code, 0, stderr);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  let ca = [join(server.data, 'ca.pem'), join(server.data, 'keys', 'ca-key.pem')];
  if (authority !== 'own') {
    ca = [at('ca.pem'), at('ca.key')];
    await openssl('req', '-x509', ...key, '-keyout', ca[1], '-out', ca[0], '-subj', '/CN=another', '-days', '9');
  }
  await openssl('req', '-new', ...key, '-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${name}`);
  writeFileSync(at('names'), `subjectAltName=DNS:${name}\n`);
  await openssl('x509', '-req', '-in', at('csr'), '-CA', ca[0], '-CAkey', ca[1], '-days', String(days), '-extfile', at('names'), '-out', at('pem'));
  const cert = readFileSync(at('pem'));
  assert.ok(new X509Certificate(cert).checkHost(name));
  return { key: readFileSync(at('key')), cert };
}

// Ask only the rows of the lie, of a server that has no limits unless it is about them.
async function caught(lie) {
  const server = lie.limited ? await Server.start({ limited: true, settings: { password_iterations: 600000 } }) : loose;
  const tls = { ...OUR_HELLO, ...lie.tls, ...(lie.certificate && (await certificateOf(server, lie.certificate))) };
  const meddler = await Meddler.start(server, { tls, asked: lie.asked, answered: lie.answered });
  const rows = lie.rows ?? [...new Set(lie.red.map((key) => key.split(':')[0]))];
  const args = ['--server', meddler.url, '--ca', join(server.data, 'ca.pem'), ...rows.flatMap((row) => ['--row', row])];
  const others = [];
  if (lie.plain) {
    const listener = createServer((req, res) => res.writeHead(...lie.plain(req.url)).end());
    await new Promise((done) => listener.listen(0, '127.0.0.1', done));
    others.push(() => listener.close());
    args.push('--http', `127.0.0.1:${listener.address().port}`);
  }
  if (lie.legacy) {
    const listener = await Meddler.start(server, { tls: lie.legacy });
    others.push(() => listener.stop());
    args.push('--legacy', listener.url.slice(8));
  }
  if (lie.inside) args.push('--data', server.data);
  const email = rows.some((row) => ['U4', 'U5', 'U6', 'S4', 'A2'].includes(row));
  const result = await prove([...args, ...(email ? ['--email', EMAIL] : [])], `${PASSWORD}\n`);
  for (const stop of [...others, () => meddler.stop()]) stop();
  if (lie.limited) await server.stop();
  return result;
}

// What U6 and A4 say of a server without limits besides.
const beside = (key) => /is told when to come back/.test(key);

test('every lie is noticed, and nothing else', async () => {
  const lies = LIES.filter(({ alone }) => !alone);
  const missed = [];
  const worker = async () => {
    for (let lie; (lie = lies.shift()) !== undefined;) {
      const { code, broken, details, stderr } = await caught(lie);
      const seen = broken?.filter((key) => lie.red.includes(key) || !beside(key));
      const wrong = code !== 1 || JSON.stringify(seen?.sort()) !== JSON.stringify([...lie.red].sort());
      if (wrong) missed.push({ lie: lie.red, code, stderr, broken: broken?.map((key) => `${key}: ${details[key]}`) });
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  assert.deepEqual(missed, []);
});

// ---- red: the server itself is another -------------------------------------------------------------------------------

test('a server whose limits were loosened: each of them, and the settings that did it', async () => {
  const { code, broken, checks } = await prove([...around(loose), ...'--row S2 --row D8 --row A4 --row S5 --row U6'.split(' ')]);
  assert.equal(code, 1);
  assert.deepEqual(broken.sort(), ['A4: no setting loosens it', 'D8: no setting loosens it', 'S2: no setting loosens it', 'S2: the 11th connection is refused',
    'S2: the 3rd registration in a minute is refused', 'S2: the 6th sign-in in a minute is refused', 'S2: the API answers 20 requests a second', 'U6: no setting loosens it']);
  assert.equal(checks['S5: no setting loosens it'], 'kept');
  assert.equal(checks['A4: an excess of requests is told when to come back'], 'not_checked_here');
});

test('one limit that is loosened a little is one question that is red', async () => {
  const settings = [['login_per_min', 6, 'the 6th sign-in in a minute is refused'], ['api_per_s', 30, 'the API answers 20 requests a second'],
    ['connections_per_address', 11, 'the 11th connection is refused'], ['register_per_min', 3, 'the 3rd registration in a minute is refused']];
  await Promise.all(settings.map(async ([setting, value, question]) => {
    const server = await Server.start({ limited: true, settings: { [`limits.${setting}`]: value } });
    const { broken, details } = await prove([...around(server), '--row', 'S2']);
    await server.stop();
    assert.deepEqual(broken.sort(), ['S2: no setting loosens it', `S2: ${question}`].sort());
    assert.match(details['S2: no setting loosens it'], new RegExp(`limits.${setting} = ${value} instead of `));
  }));
});

test('a listener for old devices is looked at where it is open', async () => {
  const server = await Server.start({ settings: { 'tls.legacy_devices': 'on', 'tls.legacy_https': '127.0.0.1:0', password_iterations: 600000 } });
  const { checks, details, broken } = await prove([...around(server), '--legacy', `127.0.0.1:${server.also('https')[0]}`, '--row', 'S1']);
  await server.stop();
  assert.deepEqual(broken, ['S1: no setting loosens it'], JSON.stringify(details));
  assert.equal(checks['S1: TLS 1.2 is for old devices alone, if at all'], 'kept');
  assert.match(details['S1: TLS 1.2 is for old devices alone, if at all'], /ECDHE with AEAD/);
});

test('fewer rounds of hashing, a honeypot that bans nobody, TLS 1.2 for old devices', async () => {
  const server = await Server.start({ limited: true, settings: { 'honeypot.ban_hours': 0, password_iterations: 260000, 'tls.legacy_devices': 'on', 'tls.legacy_https': '127.0.0.1:0' } });
  const { broken } = await prove([...around(server), '--row', 'M4', '--row', 'S5', '--row', 'S1']);
  await server.stop();
  assert.deepEqual(broken.sort(), ['M4: a scanner\'s path is answered, logged, and bans', 'M4: no setting loosens it', 'S1: no setting loosens it', 'S5: no setting loosens it']);
});

test('accounts with weaker rules', async () => {
  const settings = { 'limits.register_per_10min': 7, 'limits.account_logins_per_10min': 11, 'turnstile.when_unreachable': 'accept', 'password.min': 11, 'limits.codes_per_15min': 6 };
  const server = await Server.start({ limited: true, settings: { ...settings, password_iterations: 600000 } });
  const { broken } = await prove([...around(server), ...'--row U1 --row U3 --row U4 --row U6 --row S5'.split(' ')]);
  await server.stop();
  assert.deepEqual(broken.sort(), ['S5: no setting loosens it', 'U1: no setting loosens it', 'U3: no setting loosens it', 'U4: no setting loosens it', 'U6: no setting loosens it']);
});

test('without the directory the honeypot is tried only when the caller wishes it', async () => {
  const server = await Server.start({ limited: true });
  const args = ['--server', nameOf(server), '--ca', join(server.data, 'ca.pem'), '--row', 'M4'];
  assert.notEqual((await prove(args)).checks['M4: a scanner\'s path is answered, logged, and bans'], 'kept');
  is(await new Client(server).get('/healthz'), 200);
  assert.equal((await prove([...args, '--bans'])).checks['M4: a scanner\'s path is answered, logged, and bans'], 'kept');
  is(await new Client(server).get('/healthz'), 403);
  await server.stop();
});

test('a weak hash in the store, and files that others may read', async () => {
  const server = await Server.start({ settings: { password_iterations: 600000 } });
  await server.addUser(EMAIL);
  const rows = [...around(server), '--row', 'P3', '--row', 'S5'];
  assert.deepEqual((await prove(rows)).broken, []);
  chmodSync(join(server.data, 'keys'), 0o750);
  assert.deepEqual((await prove(rows)).broken, ['P3: keys and data are for the server alone']);
  chmodSync(join(server.data, 'keys'), 0o700);
  const change = async (sql) => {
    const script = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()';
    const { code, stderr } = await run(['-c', script, join(server.data, 'db', 'oceanremote.db'), sql], { program: 'python3' });
    assert.equal(code, 0, stderr);
  };
  await change("UPDATE account SET password = replace(password, '$600000$', '$1000$')");
  assert.deepEqual((await prove(rows)).broken, ['S5: every password hash is strong enough']);
  await change("INSERT INTO mail_token VALUES (CAST('oc_mail_in_clear' AS BLOB), 1, 1, 'ada@example.org', 1)");
  assert.deepEqual((await prove([...around(server), '--row', 'U2'])).broken, ['U2: links, sessions, keys and tokens rest as digests']);
  await server.stop();
});

// A directory whose lock is held by a shell with children that are called as ours are, and are nothing like them.
async function impostor(start) {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-prove-'));
  directories.push(directory);
  mkdirSync(join(directory, 'keys'), { mode: 0o700 });
  writeFileSync(join(directory, 'keys', 'server.key'), 'none', { mode: 0o600 });
  for (const name of ['edge', 'core']) writeFileSync(join(directory, name), 'exec 5<keys/server.key\nread wait\n', { mode: 0o600 });
  const script = `exec 9>lock; flock 9; echo $$ >&9; ulimit -c unlimited; ${start} sh edge 9<&- & ${start} sh core 9<&- & echo ready; wait`;
  // Descriptor 0 of a background child would be /dev/null: they wait on the pipe that this test holds.
  const child = spawn('bash', ['-c', script.replaceAll(' 9<&-', ' <&3 9<&-')], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  await new Promise((done) => child.stdout.once('data', done));
  return {
    directory,
    end() {
      child.stdio[3].destroy(); // its children read on, and end
      child.kill('SIGKILL');
    },
  };
}

test('processes with rights, calls, keys and core files', async () => {
  const rows = ['--row', 'process'];
  const of = (directory) => prove(['--server', nameOf(loose), '--ca', join(loose.data, 'ca.pem'), '--data', directory, ...rows]);
  const all = ['a child cannot gain rights', 'a child makes only the system calls on its list', 'only the keyring has key files open', 'nothing ends in a core file',
    ...(isRoot ? ['a child has no capability', 'each kind of child is another user than root'] : [])].map((name) => `process: ${name}`);
  const careless = await impostor('');
  try {
    await until('both are there', async () => (await of(careless.directory)).broken.length > 0);
    await sleep(200);
    assert.deepEqual((await of(careless.directory)).broken.sort(), all.sort());
  } finally {
    careless.end();
  }
  // The one that is mended is green, and only that.
  const mended = await impostor('setpriv --no-new-privs');
  try {
    await until('both are there', async () => (await of(mended.directory)).checks['process: a child cannot gain rights'] === 'kept');
    assert.deepEqual((await of(mended.directory)).broken.sort(), all.filter((key) => !/cannot gain/.test(key)).sort());
  } finally {
    mended.end();
  }
});

test('every question that is asked has a test here that turns it red', () => {
  const reds = new Set(LIES.flatMap(({ red }) => red));
  const source = readFileSync(new URL('../../server/prove/checks.c', import.meta.url), 'utf8');
  const questions = [...source.matchAll(/\bASK\("([^"]+)",\s*"([^"]+)"/g)].map(([, row, name]) => `${row}: ${name}`);
  assert.ok(questions.length > 40);
  // Every setting of today weakens a row of its own; server/prove/prove_test.c shows where a new one goes.
  assert.deepEqual(questions.filter((key) => !reds.has(key)), ['P3: no other setting is loosened']);
  assert.deepEqual([...reds].filter((key) => !questions.includes(key)), []);
});
