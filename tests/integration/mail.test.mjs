// Mails arrive, once at least, whatever breaks on the way; through real mail servers, or as files.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from './lib/client.mjs';
import { Cutter, Exim, Postfix, SlowServer, freePort, mailCommand, mailQueue, mailTo, mailsIn, makeCertificate, postfixNeeds, queueMail } from './lib/mail.mjs';
import { PROGRAM, SLOWER, Server, run, sleep, until } from './lib/server.mjs';

const isRoot = process.getuid() === 0;
const COURIER_UID = 64203;
const ADA = 'ada@example.org';

const KINDS = ['confirm-signup', 'signup-known', 'reset', 'confirm-email', 'email-changing', 'email-changed', 'password-changed', 'new-browser', 'session-stolen',
  'factor-added', 'factor-removed', 'recovery-used', 'recovery-made', 'key-added', 'account-removed', 'watch'];
const LINKS = { 'confirm-signup': /^https:\/\/127\.0\.0\.1:\d+\/confirm#oc_mail_/, reset: /\/reset#oc_mail_/, 'confirm-email': /\/confirm-email#oc_mail_/ };

const logged = (server, words) => server.log.find((line) => words.test(line));
const one = async (server, id) => (await mailQueue(server)).find((mail) => mail.id === id);
const state = (server, id, wanted) => until(`mail ${id} is ${wanted}`, async () => {
  const mail = await one(server, id);
  return (wanted === 'gone' ? mail === undefined : mail?.state === wanted && mail.error !== '') && (mail ?? true);
}, 40_000);
const retry = async (server, id) => assert.equal((await mailCommand(server, 'retry', id)).code, 0);

// The longest of some requests while something is going on.
async function slowest(server, times = 40) {
  const client = new Client(server);
  let most = 0;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    assert.equal((await client.get('/api/v1/me')).status, 401);
    most = Math.max(most, performance.now() - start);
  }
  return most;
}

// ---- files ---------------------------------------------------------------------------------------

describe('without a mail server', () => {
  let server;
  before(async () => (server = await Server.start()));
  after(() => server.stop());

  test('a mail is a file for its owner only, and a log line says what to do', async () => {
    await queueMail(server, { kind: 'reset' });
    const mail = await mailTo(server, ADA);
    const [name] = readdirSync(join(server.data, 'mail'));
    const { mode, uid } = statSync(join(server.data, 'mail', name));
    assert.match(name, /^\d{8}T\d{6}Z-\d+\.eml$/);
    assert.equal(mode & 0o777, 0o600);
    if (isRoot) assert.equal(uid, COURIER_UID);
    const line = await until('a log line', () => logged(server, /event=mail\.written/));
    assert.match(line, new RegExp(`file=mail/${name} to="${ADA}" hint="no SMTP server is set`));
    assert.match(mail.text, /From the address: 192\.0\.2\.7\nBrowser: Firefox on Linux\n/);
    // The token is in the mail, and nowhere else.
    const token = mail.link.split('#')[1];
    assert.ok(!server.log.some((line) => line.includes(token.slice(8))));
    for (const file of readdirSync(join(server.data, 'db'))) assert.ok(!readFileSync(join(server.data, 'db', file)).includes(token), file);
    await state(server, 1, 'gone');
  });

  test('every kind is what Python’s parser of mails expects, and says what it should', async () => {
    const detail = 'Käse & <b>"Schiff"</b> 🌊';
    for (const kind of KINDS) await queueMail(server, { kind, to: `${kind}@example.org`, detail });
    for (const kind of KINDS) {
      const mail = await mailTo(server, `${kind}@example.org`);
      const { status, stdout, stderr } = spawnSync('python3', [fileURLToPath(new URL('../support/read_mail.py', import.meta.url))], { input: Buffer.from(mail.raw, 'latin1') });
      assert.equal(status, 0, String(stderr));
      const seen = JSON.parse(stdout);
      assert.deepEqual(seen.defects, [], kind);
      assert.deepEqual(seen.types, ['multipart/alternative', 'text/plain', 'text/html'], kind);
      assert.deepEqual([seen.to, seen.from], [`${kind}@example.org`, 'oceanremote@localhost'], kind);
      assert.equal(seen.subject, mail.subject);
      assert.ok(Math.abs(seen.date - Date.now() / 1000) < 120, kind);
      assert.equal(seen.auto, 'auto-generated');
      assert.match(seen.id, /^<[0-9a-f]{32}@localhost>$/);
      assert.equal(seen.text, mail.text, kind);
      assert.equal(seen.html, mail.html, kind);
      assert.match(mail.text, new RegExp(`: ${detail.replace(/[&<>"]/g, '.')}$`, 'm'), kind);
      assert.match(mail.html, /: <b>Käse &amp; &lt;b&gt;&quot;Schiff&quot;&lt;\/b&gt; 🌊<\/b>/, kind);
      if (LINKS[kind]) assert.match(mail.link, LINKS[kind]);
      else assert.equal(mail.link, undefined, kind);
      if (mail.link) assert.ok(mail.html.includes(`href="${mail.link}"`), kind);
      for (const line of mail.raw.split('\n')) assert.ok(line.length <= 79 && (line === '' || line.endsWith('\r')), `${kind}: ${line}`);
    }
  });

  test('an address that would change a mail’s head is given up, and harms no other mail', async () => {
    const id = await queueMail(server, { to: 'ada@example.org>\r\nBcc: <all@example.org' });
    const mail = await state(server, id, 'failed');
    assert.equal(mail.error, 'its address or text cannot be in a mail');
    assert.equal(mailsIn(join(server.data, 'mail')).filter((one) => /^Bcc:/im.test(one.raw)).length, 0);
    const unknown = await queueMail(server, { kind: 'of-tomorrow' });
    assert.match((await state(server, unknown, 'failed')).error, /does not know/);
    assert.ok(logged(server, new RegExp(`event=mail\\.unknown .*id=${unknown}$`)));
    await queueMail(server, { to: 'next@example.org' });
    await mailTo(server, 'next@example.org');
  });

  test('a directory that cannot be written delays the mail', async () => {
    chmodSync(join(server.data, 'mail'), 0o500);
    const id = await queueMail(server, { to: 'later@example.org' });
    assert.match((await state(server, id, 'waiting')).error, /^DIR\/mail: Permission denied$/);
    chmodSync(join(server.data, 'mail'), 0o700);
    await retry(server, id);
    await mailTo(server, 'later@example.org');
  });

  test('mail list says it in words, too, and wrong use is told', async () => {
    const { stdout } = await mailCommand(server, 'list');
    assert.match(stdout, /new-browser {6}"ada@example\.org>\\x0d\\x0aBcc: <all@example\.org"\n {8}made \S+Z, attempts 1, given up \S+Z\n {8}"its address/);
    assert.equal((await mailCommand(server, 'drop', '999999')).code, 1);
    assert.equal((await mailCommand(server, 'drop', 'all')).code, 2);
    assert.equal((await mailCommand(server, 'send', '1')).code, 2);
    assert.match((await run(['mail', '--help'])).stdout, /usage: oceanremote mail list/);
    for (const { id } of await mailQueue(server)) assert.equal((await mailCommand(server, 'drop', id)).code, 0);
    assert.deepEqual(await mailQueue(server), []);
  });

  test('the courier is small when nothing is to be done', { skip: SLOWER > 1 ? 'sanitizers are large' : false }, async () => {
    const other = await Server.start();
    const [pid] = other.pidsOf('courier');
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const dirty = Number(/^Private_Dirty: +(\d+)/m.exec(rollup)[1]);
    console.log(`courier: idle, ${dirty} KB of its own`);
    assert.ok(dirty < 2000, `${dirty} KB`);
    assert.doesNotMatch(readFileSync(`/proc/${pid}/maps`, 'latin1'), /libcurl/);
    await other.stop();
  });
});

// ---- servers that work ---------------------------------------------------------------------------

for (const [kind, skip] of [[Exim, false], [Postfix, postfixNeeds]])
  test(`${kind.name}: STARTTLS and TLS from the start, signed in`, { skip }, async () => {
    const mails = await kind.start();
    for (const tls of [false, true]) {
      const server = await Server.start({ settings: mails.settings({ tls, url: 'https://ocean.example.org' }) });
      await queueMail(server, { kind: 'confirm-signup' });
      const mail = await mails.mailTo(ADA, { count: tls ? 2 : 1 });
      assert.match(mail.link, /^https:\/\/ocean\.example\.org\/confirm#oc_mail_/);
      assert.match(mail.raw, /^From: OceanRemote <ocean@example\.org>\r?$/m);
      await state(server, 1, 'gone');
      for (const name of ['core', 'edge', 'keyring', 'courier'])
        for (const pid of server.pidsOf(name)) assert.equal(/libcurl/.test(readFileSync(`/proc/${pid}/maps`, 'latin1')), name === 'courier', name);
      await server.stop();
    }
    // Signed in, within TLS, by what the server itself has noted.
    if (kind === Exim) assert.equal(mails.log().match(/<= ocean@example\.org .* P=esmtpsa .* A=plain:ocean/g).length, 2);
    else assert.equal(mails.log().match(/sasl_method=PLAIN, sasl_username=ocean/g).length, 2);
    await mails.stop();
  });

test('Postfix: one recipient refused for now, one for ever, the others arrive', { skip: postfixNeeds }, async () => {
  const mails = await Postfix.start();
  const server = await Server.start({ settings: mails.settings() });
  const busy = await queueMail(server, { to: 'busy@example.org' });
  const gone = await queueMail(server, { to: 'gone@example.org' });
  for (let i = 0; i < 20; i++) await queueMail(server, { to: `number${i}@example.org` });
  for (let i = 0; i < 20; i++) await mails.mailTo(`number${i}@example.org`);
  assert.match((await state(server, busy, 'waiting')).error, /^450 4\.2\.0 .*is busy/);
  assert.match((await state(server, gone, 'failed')).error, /^550 5\.1\.1 .*has moved away/);
  await server.stop();
  await mails.stop();
});

// ---- servers that do not -------------------------------------------------------------------------

describe('a mail server that is not to be trusted gets no mail and no password', () => {
  const never = async (mails, settings, expected) => {
    const server = await Server.start({ settings });
    const id = await queueMail(server);
    const mail = await state(server, id, 'waiting');
    assert.match(mail.error, expected);
    assert.equal(mail.attempts, 1);
    assert.deepEqual(mails.mails(), []);
    assert.doesNotMatch(mails.log(), /<= |A=plain/);
    await server.stop();
    await mails.stop();
  };

  for (const tls of [false, true]) {
    test(`a certificate of somebody else’s authority, ${tls ? 'TLS' : 'STARTTLS'}`, async () => {
      const mails = await Exim.start();
      await never(mails, mails.settings({ tls, ca: makeCertificate(mails.directory, 'other').cert }), /certificate/i);
    });
    test(`a certificate for another name, ${tls ? 'TLS' : 'STARTTLS'}`, async () => {
      const place = await Exim.start();
      const { cert, key } = makeCertificate(place.directory, 'elsewhere', { names: 'DNS:mail.example.com' });
      const mails = await Exim.start({ cert, key });
      await never(mails, mails.settings({ tls, ca: cert }), /does not match|no alternative certificate subject name|certificate/i);
      await place.stop();
    });
  }

  test('one that does not offer STARTTLS', async () => {
    const mails = await Exim.start({ offersTls: false });
    await never(mails, mails.settings(), /STARTTLS|SSL/i);
  });

  test('a name that nobody has: the courier looks it up and lives', async () => {
    const mails = await Exim.start();
    await never(mails, mails.settings({ 'smtp.host': 'mail.example.invalid' }), /name|resol/i);
  });
});

test('what the courier misses is told in words, and keeps nobody from being served', async () => {
  const mails = await Exim.start();
  for (const [setting, value, words] of [
    ['smtp.password_file', '/nowhere/password', /^oceanremote: \/nowhere\/password: this file cannot be read$/m],
    ['outbound.ca', '/nowhere/ca.pem', /^oceanremote: \/nowhere\/ca\.pem: the authorities cannot be read$/m],
    ['smtp.password_file', '/dev/null', /^oceanremote: \/dev\/null: its first line is empty; write the secret there$/m],
  ]) {
    const server = new Server({ settings: mails.settings({ [setting]: value }) });
    await server.start();
    assert.equal((await new Client(server).get('/healthz')).status, 200);
    assert.match(server.log.join('\n'), words);
    assert.match(server.log.join('\n'), /event=parent\.degraded .*child=courier hint="no mail leaves/);
    await server.stop();
  }
  await mails.stop();
});

// ---- what breaks on the way ------------------------------------------------------------------------

describe('refusing, slow, gone', () => {
  let mails, server;
  before(async () => {
    mails = await Exim.start();
    server = await Server.start({ settings: mails.settings() });
  });
  after(async () => {
    await server.stop();
    await mails.stop();
  });

  for (const [order, words] of [['defer', /^451 4\.3\.0 please come again/], ['defer-data', /^451 4\.6\.0 the content is looked at/]])
    test(`${order}: a mail refused for now waits a minute, and is taken then`, async () => {
      const to = `${order}@example.org`;
      mails.order(order);
      const id = await queueMail(server, { to, kind: 'reset' });
      const mail = await state(server, id, 'waiting');
      assert.match(mail.error, words);
      const wait = Date.parse(mail.next_attempt_at) - Date.now();
      assert.ok(wait > 40_000 && wait < 61_000, `${wait} ms`);
      mails.relent();
      await retry(server, id);
      await mails.mailTo(to);
      await state(server, id, 'gone');
      assert.equal(mails.mails(to).length, 1);
    });

  for (const [order, words] of [['deny', /^550 5\.1\.1 nobody of this name here/], ['deny-data', /^550 5\.6\.0 this content is not wanted/]])
    test(`${order}: a mail refused for ever is shown as failed, until somebody tries it again`, async () => {
      const to = `${order}@example.org`;
      mails.order(order);
      const id = await queueMail(server, { to });
      const mail = await state(server, id, 'failed');
      assert.match(mail.error, words);
      assert.equal(mail.attempts, 1);
      mails.relent();
      await retry(server, id);
      await mails.mailTo(to);
    });

  test('a server that hangs up, or is not there, is tried again', async () => {
    mails.order('drop');
    const id = await queueMail(server, { to: 'drop@example.org' });
    const mail = await state(server, id, 'waiting').catch(() => one(server, id));
    assert.equal(mail.attempts, 1);
    mails.relent();
    await retry(server, id);
    await mails.mailTo('drop@example.org');
    const nobody = await Server.start({ settings: mails.settings({ port: await freePort() }) });
    const refused = await state(nobody, await queueMail(nobody), 'waiting');
    assert.match(refused.error, /connect/i);
    await nobody.stop();
  });

  test('a wrong password delays mails, and fails none', async () => {
    writeFileSync(join(mails.directory, 'wrong'), 'wrong\n');
    const other = await Server.start({ settings: mails.settings({ 'smtp.password_file': join(mails.directory, 'wrong') }) });
    const mail = await state(other, await queueMail(other), 'waiting');
    assert.match(mail.error, /^535/);
    await other.stop();
  });

  test('a stopped mail server holds up nobody, and takes its mails when it goes on', async () => {
    mails.process.kill('SIGSTOP');
    for (let i = 0; i < 12; i++) await queueMail(server, { to: `stopped${i}@example.org` });
    await sleep(1000);
    const most = await slowest(server);
    console.log(`core: slowest of 40 requests beside a stopped mail server, ${most.toFixed(0)} ms`);
    assert.ok(most < 250 * SLOWER, `${most} ms`);
    mails.process.kill('SIGCONT');
    for (let i = 0; i < 12; i++) await mails.mailTo(`stopped${i}@example.org`);
  });

  test('a stopped courier holds up nobody either', async () => {
    const [pid] = server.pidsOf('courier');
    process.kill(pid, 'SIGSTOP');
    for (let i = 0; i < 12; i++) await queueMail(server, { to: `quiet${i}@example.org` });
    await sleep(1000);
    const most = await slowest(server);
    console.log(`core: slowest of 40 requests beside a stopped courier, ${most.toFixed(0)} ms`);
    assert.ok(most < 250 * SLOWER, `${most} ms`);
    process.kill(pid, 'SIGCONT');
    for (let i = 0; i < 12; i++) await mails.mailTo(`quiet${i}@example.org`);
  });

  for (const name of ['courier', 'core'])
    test(`${name} killed while mails are under way: they arrive`, async () => {
      mails.order('slow');
      for (let i = 0; i < 3; i++) await queueMail(server, { to: `${name}${i}@example.org` });
      await until('some are under way', async () => (await mailQueue(server)).filter((mail) => mail.attempts === 1).length === 3);
      await sleep(500);
      const [pid] = server.pidsOf(name);
      process.kill(pid, 'SIGKILL');
      mails.relent();
      for (let i = 0; i < 3; i++) await mails.mailTo(`${name}${i}@example.org`);
      await until('the queue is empty', async () => (await mailQueue(server)).length === 0, 20_000);
    });

  test('everything killed while mails are under way: they arrive after the next start', async () => {
    mails.order('slow');
    for (let i = 0; i < 3; i++) await queueMail(server, { to: `all${i}@example.org` });
    await until('some are under way', async () => (await mailQueue(server)).filter((mail) => mail.attempts === 1).length === 3);
    await server.kill();
    mails.relent();
    await server.start();
    for (let i = 0; i < 3; i++) await mails.mailTo(`all${i}@example.org`);
  });

  test('connections that break at any byte: every mail arrives', async () => {
    let cutter = await Cutter.start(mails.port);
    const other = await Server.start({ settings: mails.settings({ port: cutter.port }) });
    // The hello, the handshake, AUTH, the envelope, within the content, and after all of it.
    for (const afterSent of [1, 40, 300, 700, 900, 1100, 2500, 3500]) {
      const to = `cut${afterSent}@example.org`;
      cutter.afterSent = afterSent;
      const id = await queueMail(other, { to });
      await until('an attempt', async () => (await one(other, id)) === undefined || (await one(other, id)).error !== '', 40_000);
      cutter.afterSent = Infinity;
      if (await one(other, id)) await retry(other, id);
      await mails.mailTo(to);
    }
    for (const afterHeard of [1, 200, 1500, 2000]) {
      const to = `deaf${afterHeard}@example.org`;
      cutter.afterHeard = afterHeard;
      const id = await queueMail(other, { to });
      await until('an attempt', async () => (await one(other, id)) === undefined || (await one(other, id)).error !== '', 40_000);
      cutter.afterHeard = Infinity;
      if (await one(other, id)) await retry(other, id);
      await mails.mailTo(to);
    }
    assert.ok(cutter.connections > 12);
    await other.stop();
    await cutter.stop();
  });

  test('SIGTERM lets a mail that is under way arrive, once', async () => {
    const other = await Server.start({ settings: mails.settings() });
    await queueMail(other, { to: 'last@example.org' });
    await until('it is under way', async () => (await mailQueue(other)).some((mail) => mail.attempts === 1) || mails.mails('last@example.org').length > 0);
    await other.terminate();
    await other.start();
    await mails.mailTo('last@example.org');
    await sleep(3000);
    assert.equal(mails.mails('last@example.org').length, 1);
    await other.stop();
  });
});

describe('no server takes a part for the whole mail', () => {
  for (const [what, command, pause] of [['answers late', 'DATA', 3000], ['is silent before the content', 'DATA', Infinity], ['is silent after the content', '.', Infinity],
    ['is silent at once', '', Infinity], ['is silent to the recipient', 'RCPT', Infinity]])
    for (const end of ['SIGTERM', 'a killed core'])
      test(`${end} while one that ${what} has a mail`, async () => {
        const slow = await SlowServer.start({ command, pause });
        const server = await Server.start({ settings: slow.settings() });
        await queueMail(server);
        await until('it is asked', () => slow.asked.includes(command));
        const [before] = server.pidsOf('courier');
        const start = performance.now();
        if (end === 'SIGTERM') {
          assert.equal(await server.terminate(), 0);
          const took = performance.now() - start;
          console.log(`drained in ${took.toFixed(0)} ms`);
          assert.ok(took < 4000 * SLOWER, `${took} ms`);
        } else {
          process.kill(server.pidsOf('core')[0], 'SIGKILL');
          await until('another courier', () => server.pidsOf('courier').some((pid) => pid !== before), 2000 * SLOWER);
          await server.terminate();
        }
        await sleep(pause === Infinity ? 200 : 1500);
        for (const content of slow.contents) assert.match(content, /^Subject:[^]*--\n$/m);
        assert.equal(slow.contents.length > 0, command === '.');
        assert.ok(logged(server, /event=courier\.broken_off/));
        await server.stop();
        await slow.stop();
      });

  test('one that is slow only gets the whole mail', async () => {
    const slow = await SlowServer.start({ command: 'DATA', pause: 500 });
    const server = await Server.start({ settings: slow.settings() });
    await state(server, await queueMail(server), 'gone');
    assert.equal(slow.contents.length, 1);
    await server.stop();
    await slow.stop();
  });
});

// ---- Turnstile -------------------------------------------------------------------------------------

// What Cloudflare's siteverify answers, by the token of the question.
const ANSWERS = {
  person: { success: true, 'error-codes': [], challenge_ts: '2026-11-22T16:00:00Z', hostname: 'ocean.example.org' },
  robot: { success: false, 'error-codes': ['invalid-input-response'] },
  again: { success: false, 'error-codes': ['timeout-or-duplicate'] },
  'our fault': { success: false, 'error-codes': ['invalid-input-secret'] },
  trouble: { success: false, 'error-codes': ['internal-error'] },
  long: { success: true, padding: 'x'.repeat(10_000) },
};

test('Turnstile: yes, no, and every way to be unreachable', async () => {
  const place = await Exim.start(); // for its certificates
  const secret = join(place.directory, 'secret');
  writeFileSync(secret, '1x0000000000000000000000000000000AA\n');
  mkdirSync(join(place.directory, 'mail'));
  const forms = [];
  const stand = createServer({ key: readFileSync(place.key), cert: readFileSync(place.cert) }, async (request, response) => {
    let body = '';
    for await (const bytes of request) body += bytes;
    const form = new URLSearchParams(body);
    forms.push({ method: request.method, path: request.url, type: request.headers['content-type'], ...Object.fromEntries(form) });
    const token = form.get('response');
    if (token === 'silence') return;
    if (token === 'hang up') return request.socket.destroy();
    if (token === 'page') return response.end('<html>Bad Gateway</html>');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(ANSWERS[token]));
  }).listen(0, '127.0.0.1');
  await once(stand, 'listening');
  stand.unref();
  const script = fileURLToPath(new URL('../support/courier_ask.py', import.meta.url));
  const ask = async (ca, url, ...tokens) => {
    const { code, stdout, stderr } = await run([script, PROGRAM, join(place.directory, 'mail'), ca, secret, url, ...tokens], { program: 'python3' });
    assert.equal(code, 0, stderr);
    return stdout.trimEnd().split('\n');
  };
  const url = `https://localhost:${stand.address().port}/turnstile/v0/siteverify`;
  const strange = 'a+b&c=d %\u00e9';
  ANSWERS[strange] = ANSWERS.person;
  const tokens = ['person', 'robot', 'again', 'our fault', 'trouble', 'long', 'page', 'hang up', 'silence', strange, 'person'];
  const said = await ask(place.cert, url, ...tokens);
  assert.deepEqual(said.map((line) => line.split(' ')[0]),
    ['done', 'refused', 'refused', 'unreachable', 'unreachable', 'unreachable', 'unreachable', 'unreachable', 'unreachable', 'done', 'done'], said.join('\n'));
  assert.equal(said[1], 'refused invalid-input-response');
  assert.deepEqual(forms[0], {
    method: 'POST', path: '/turnstile/v0/siteverify', type: 'application/x-www-form-urlencoded', secret: '1x0000000000000000000000000000000AA', response: 'person', remoteip: '192.0.2.7',
  });
  assert.ok(forms.some((form) => form.response === strange));
  const asked = forms.length;
  // Somebody else's certificate: the secret is not told.
  assert.match((await ask(makeCertificate(place.directory, 'other').cert, url, 'person'))[0], /^unreachable .*certificate/i);
  assert.match((await ask(place.cert, `https://localhost:${await freePort()}/`, 'person'))[0], /^unreachable .*connect/i);
  assert.match((await ask(place.cert, 'https://turnstile.example.invalid/', 'person'))[0], /^unreachable /);
  assert.equal(forms.length, asked);
  stand.close();
  stand.closeAllConnections();
  await place.stop();
});
