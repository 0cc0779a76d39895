// Lists of networks: stored by command from files and addresses, taken by a running server, told to admins and owners.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { sql } from './lib/database.mjs';
import { is } from './lib/expect.mjs';
import { proof } from './lib/proof.mjs';
import { PASSWORD, Server, run, until } from './lib/server.mjs';

const directory = mkdtempSync(join(tmpdir(), 'oceanremote-ranges-'));
const at = (name) => join(directory, name);
let server;

const ranges = (...args) => run(['ranges', ...args, '--data', server.data]);
async function list() {
  const { code, stdout } = await ranges('list', '--json');
  assert.equal(code, 0);
  return JSON.parse(stdout).lists;
}
function file(name, text) {
  writeFileSync(at(name), text);
  return at(name);
}

before(async () => {
  server = await Server.start({ settings: { 'proxy.from': '127.0.1.1/32', 'proxy.header': 'x-forwarded-for' } });
  await server.addUser('ada@example.org');
  await server.addUser('boss@example.org', { admin: true });
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

// Ada's session as a browser at this address sees it.
async function networkOf(address) {
  const browser = new Client(server, { 'X-Forwarded-For': address }, '127.0.1.1');
  const answer = await browser.post('/api/v1/login', { email: 'ada@example.org', password: PASSWORD });
  is(answer, 200);
  browser.headers.Cookie = answer.headers['set-cookie'][0].split(';')[0];
  const { sessions } = is(await browser.get('/api/v1/sessions'), 200);
  return sessions.find(({ current }) => current).network;
}

describe('files', () => {
  test('a list is stored whole or not at all, and a refusal names the line', async () => {
    const good = await ranges('update', file('Some-List.txt', '# two\n198.51.100.0/24\n2001:db8::/32\n'), '--kind', 'vpn');
    assert.deepEqual([good.code, good.stderr, good.stdout], [0, '', '2 networks stored as some-list\n']);
    const bad = await ranges('update', file('bad.txt', '203.0.113.0/24\nnonsense\n'), '--name', 'some-list');
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /line 2 is no network .* nothing was stored/);
    const stored = (await list()).find(({ name }) => name === 'some-list');
    assert.deepEqual([stored.networks, stored.kind, stored.age_days, stored.is_old, stored.source], [2, 'vpn', 0, false, at('Some-List.txt')]);
  });

  test('what cannot be is refused with words', async () => {
    for (const [args, words] of [
      [['update', file('none.txt', '\n')], /no network in any/],
      [['update', file('all.txt', '0.0.0.0/0\n')], /too large a network/],
      [['update', at('missing.txt')], /No such file/],
      [['update', file('x.txt', '192.0.2.0/24\n'), '--name', 'Ö'], /--name/],
      [['update', 'http://localhost/x.txt'], /only addresses that begin with https/],
      [['drop', 'nothing'], /no such list/],
    ]) {
      const { code, stderr } = await ranges(...args);
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, words);
    }
    assert.equal((await ranges('update', at('x.txt'), '--kind', 'pirates')).code, 2);
    assert.equal((await ranges('update')).code, 2);
  });

  test('an old list says so', async () => {
    sql(server, `UPDATE range_list SET loaded_at_ms = loaded_at_ms - 91 * 86400000 WHERE name = 'some-list'`);
    assert.equal((await list()).find(({ name }) => name === 'some-list').is_old, true);
    assert.match((await ranges('list')).stdout, /some-list .* 91 days old \(older than 90 days/);
  });
});

describe('a running server', () => {
  test('knows what everybody knows, takes another list within a second, forgets what is dropped', async () => {
    assert.equal(await networkOf('34.64.0.9'), 'google');
    assert.equal(await networkOf('203.0.113.9'), undefined);
    const lines = Array.from({ length: 50_000 }, (_, i) => `host-${i % 300} 11.${i >> 8}.${i & 255}.0/25`);
    is({ status: (await ranges('update', file('large.txt', `${lines.join('\n')}\nharbour 203.0.113.0/24\n`))).code }, 0);
    await until('the list is known', async () => (await networkOf('203.0.113.9')) === 'harbour');
    assert.equal(await networkOf('11.2.3.4'), `host-${((2 << 8) + 3) % 300}`);
    assert.equal(await networkOf('11.2.3.200'), undefined);
    is({ status: (await ranges('drop', 'large')).code }, 0);
    await until('the list is forgotten', async () => (await networkOf('203.0.113.9')) === undefined);
  });

  test('admins are told of a registration from there, with network, provider and age; nobody is refused', async () => {
    await ranges('update', file('harbour.txt', 'harbour 203.0.113.0/24\n'));
    await until('the list is known', async () => (await networkOf('203.0.113.9')) === 'harbour');
    const stranger = new Client(server, { 'X-Forwarded-For': '203.0.113.77' }, '127.0.1.1');
    is(await stranger.post('/api/v1/registration', { email: 'eve@example.net', password: PASSWORD, website: '', ...(await proof(stranger)) }), 202);
    const entries = sql(server, `SELECT subject, detail FROM audit WHERE event = 'signup.watched'`);
    assert.deepEqual(entries, [['eve@example.net', '203.0.113.77 in 203.0.113.0/24, harbour (datacentre; list harbour, 0 days old)']]);
    const home = new Client(server, { 'X-Forwarded-For': '192.0.2.77' }, '127.0.1.1');
    is(await home.post('/api/v1/registration', { email: 'bob@example.net', password: PASSWORD, website: '', ...(await proof(home)) }), 202);
    assert.equal(sql(server, `SELECT count(*) FROM audit WHERE event = 'signup.watched'`)[0][0], 1);
    assert.equal(sql(server, `SELECT told FROM signup_watch`)[0][0], 1);
  });

  test('a throw-away address is warned of, and refused where the operator says so', async () => {
    const nobody = new Client(server);
    const answer = await nobody.post('/api/v1/registration', { email: 'x@sub.mailinator.com', password: PASSWORD, website: '', ...(await proof(nobody)) });
    assert.match(is(answer, 202).warning, /thrown away/);
    const strict = await Server.start({ settings: { disposable_mail: 'refuse' } });
    try {
      const other = new Client(strict);
      const refused = await other.post('/api/v1/registration', { email: 'x@mailinator.com', password: PASSWORD, website: '', ...(await proof(other)) });
      assert.deepEqual([refused.status, refused.json.field], [422, 'email']);
    } finally {
      await strict.stop();
    }
  });

  test('a poor password is refused with a reason, wherever it is chosen', async () => {
    const nobody = new Client(server);
    for (const [password, words] of [
      ['sunshine summer', /frequent words/],
      ['aaaaaaaaaaaaaaaa', /repeats/],
      ['my name is evelynne', /mail address/],
      ['oceanremote is mine', /software/],
      ['qwertyuiop123', /many people/],
      ['too short', /12 characters/],
    ]) {
      const email = 'evelynne@example.net';
      const answer = await nobody.post('/api/v1/registration', { email, password, website: '', ...(await proof(nobody)) });
      assert.deepEqual([answer.status, answer.json.field], [422, 'password'], password);
      assert.match(answer.json.detail, words);
      const { code, stderr } = await run(['user', 'add', '--data', server.data, '--email', email], { input: `${password}\n` });
      assert.equal(code, 1, password);
      assert.match(stderr, words);
    }
  });
});

describe('addresses', () => {
  let web, url, ca;
  const pages = {
    '/good.txt': (res) => res.end('198.51.100.0/24\n'),
    '/gone.txt': (res) => res.writeHead(404).end('198.51.100.0/24\n'),
    '/moved.txt': (res) => res.writeHead(302, { Location: '/good.txt' }).end(),
    '/down.txt': (res) => res.writeHead(302, { Location: 'http://localhost:1/good.txt' }).end(),
    '/away.txt': (res) => res.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
    '/circle.txt': (res) => res.writeHead(302, { Location: '/circle.txt' }).end(),
    '/large.txt': (res) => {
      const block = Buffer.alloc(65536, '# nothing\n');
      const more = () => {
        while (!res.destroyed && res.write(block));
      };
      res.on('drain', more);
      more();
    },
    '/told.txt': (res) => res.writeHead(200, { 'Content-Length': 17 * 1024 * 1024 }).flushHeaders(),
    '/page.html': (res) => res.end('<!doctype html>\n'),
  };

  before(async () => {
    const openssl = async (...args) => assert.equal((await run(args, { program: 'openssl' })).code, 0);
    await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key'), '-out', at('pem'),
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '9');
    web = createServer({ key: readFileSync(at('key')), cert: readFileSync(at('pem')) }, (req, res) => pages[req.url](res));
    web.on('tlsClientError', () => {});
    web.listen(0, 'localhost');
    await once(web, 'listening');
    url = `https://localhost:${web.address().port}`;
    ca = ['--ca', at('pem')];
  });
  after(() => {
    web.closeAllConnections();
    web.close();
  });

  test('a list comes over https, verified, through redirects that stay there', async () => {
    assert.equal((await ranges('update', `${url}/good.txt`, '--name', 'one', ...ca)).code, 0);
    assert.equal((await ranges('update', `${url}/moved.txt`, ...ca)).code, 0);
    const names = (await list()).map(({ name, source }) => [name, source]);
    assert.ok(names.some(([name, source]) => name === 'moved' && source === `${url}/moved.txt`), JSON.stringify(names));
  });

  test('anything else is refused, and the list of before stays', async () => {
    for (const [path, trust, words] of [
      ['/good.txt', [], /certificate|CA/i],
      ['/good.txt', ['--ca', join(server.data, 'ca.pem')], /certificate|CA/i],
      ['/gone.txt', ca, /HTTP|error/i],
      ['/down.txt', ca, /protocol/i],
      ['/away.txt', ca, /protocol/i],
      ['/circle.txt', ca, /redirect/i],
      ['/large.txt', ca, /larger than 16777216 bytes/],
      ['/told.txt', ca, /larger than 16777216 bytes/],
      ['/page.html', ca, /line 1 /],
    ]) {
      const { code, stderr } = await ranges('update', `${url}${path}`, '--name', 'one', ...trust);
      assert.equal(code, 1, path);
      assert.match(stderr, words, path);
    }
    assert.equal((await list()).find(({ name }) => name === 'one').networks, 1);
  });
});
