// Django and us: its users come here with their passwords, and our hashes are good there. With Debian's own Django.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { sql } from './lib/database.mjs';
import { is } from './lib/expect.mjs';
import { PASSWORD, Server, run } from './lib/server.mjs';

// Debian's interpreter, whatever else is in the path.
const PYTHON = '/usr/bin/python3';
const SETTINGS = `
from django.conf import settings
settings.configure(SECRET_KEY='for a test', DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': sys.argv[1]}},
    INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions'], USE_TZ=True,
    DEFAULT_AUTO_FIELD='django.db.models.AutoField',
    PASSWORD_HASHERS=['django.contrib.auth.hashers.' + name for name in ('PBKDF2PasswordHasher', 'PBKDF2SHA1PasswordHasher', 'MD5PasswordHasher')])
import django
django.setup()
`;

const directory = mkdtempSync(join(tmpdir(), 'oceanremote-django-'));
const at = (name) => join(directory, name);
let server, nobody;

async function django(script, ...args) {
  const { code, stdout, stderr } = await run(['-c', `import sys\n${SETTINGS}${script}`, at('django.db'), ...args], { program: PYTHON });
  assert.equal(code, 0, stderr);
  return stdout;
}

const user = (...args) => run(['user', ...args, '--data', server.data]);
const signIn = (email, password) => nobody.post('/api/v1/login', { email, password });
const hashOf = (email) => sql(server, `SELECT password FROM account WHERE email = '${email}'`)[0]?.[0];
const accounts = () => sql(server, 'SELECT count(*) FROM account')[0][0];

// What Django says of a hash.
const djangoChecks = async (password, hash) =>
  (await django('from django.contrib.auth.hashers import check_password\nprint(check_password(sys.argv[2], sys.argv[3]))', password, hash)).trim() === 'True';

const MAKE = `
from django.core.management import call_command
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import Group, User
call_command('migrate', verbosity=0)
hasher = PBKDF2PasswordHasher()
def add(name, email, password, **more):
    return User.objects.create(username=name, email=email, password=password, **more)
add('ada', 'Ada@Example.org', make_password('an otter floats at dusk'), is_superuser=True, is_staff=True, first_name='Ada "the first"', last_name='Çelik\\n')
add('staff', 'staff@example.org', make_password('a heron waits beside the weir'), is_staff=True)
add('old', 'old@example.org', hasher.encode('of django 1.4', 'oldsalt', 10000))
add('strong', 'strong@example.org', hasher.encode('many rounds of it', 'x', 700000))
add('gone', 'gone@example.org', make_password('an otter floats at dusk'), is_active=False)
add('mail@example.org', '', make_password('an otter floats at dusk'))
add('sha1', 'sha1@example.org', make_password('an otter floats at dusk', hasher='pbkdf2_sha1'))
add('md5', 'md5@example.org', make_password('an otter floats at dusk', hasher='md5'))
add('none', 'none@example.org', make_password(None))
add('twice', 'ADA@example.org', make_password('another password'))
add('nobody', '', make_password('another password'))
add('known', 'known@example.org', make_password('of the other system'))
User.objects.get(username='ada').groups.add(Group.objects.create(name='keepers'))
call_command('dumpdata', 'auth.user', output=sys.argv[2])
call_command('dumpdata', output=sys.argv[3])
`;

before(async () => {
  server = await Server.start();
  nobody = new Client(server);
  await server.addUser('known@example.org');
  await django(MAKE, at('users.json'), at('all.json'));
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('a dry run says what would happen and changes nothing', async () => {
  const { code, stdout, stderr } = await user('import', at('users.json'), '--dry-run');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /12 users read: 9 accounts would be made, 3 left out\n {2}6 sign in with the password they had, 3 reset it by mail\n {2}1 are inactive, 0 would be admins\nnothing was changed/);
  assert.match(stdout, /left out: entry 10 ada@example\.org stands there a second time/);
  assert.match(stdout, /left out: entry 11 has no mail address/);
  assert.match(stdout, /left out: entry 12 known@example\.org has an account already/);
  assert.equal(accounts(), 1);
});

test('a file that breaks off leaves nothing', async () => {
  for (const [name, text, words] of [
    ['broken.json', '[{"model":"auth.user","pk":1,"fields":{"email":"a@example.org","password":"!"}},{"model":', /entry 2 is no user/],
    ['broken.csv', 'email,password\na@example.org,!\nb@example.org\n', /line 3 has not as many fields/],
    ['names.csv', 'mail,word\na@example.org,!\n', /name the columns/],
    ['empty.csv', '', /is no CSV/],
  ]) {
    writeFileSync(at(name), text);
    const { code, stderr, stdout } = await user('import', at(name));
    assert.deepEqual([code, stdout], [1, ''], name);
    assert.match(stderr, words);
    assert.match(stderr, /nothing was changed/);
  }
  assert.equal((await user('import', at('missing.json'))).code, 1);
  assert.equal((await user('import')).code, 2);
  assert.equal(accounts(), 1);
});

test('users come with their passwords, hashed as often as they were, and no hash is shown', async () => {
  const { code, stdout, stderr } = await user('import', at('users.json'));
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /9 accounts made, 3 left out/);
  assert.doesNotMatch(stdout, /pbkdf2|\$/);
  assert.match(hashOf('ada@example.org'), /^pbkdf2_sha256\$260000\$/);
  for (const [email, password] of [
    ['ada@example.org', 'an otter floats at dusk'],
    ['staff@example.org', 'a heron waits beside the weir'],
    ['old@example.org', 'of django 1.4'],
    ['strong@example.org', 'many rounds of it'],
    ['mail@example.org', 'an otter floats at dusk'],
    ['known@example.org', PASSWORD], // its own, not the other system's
  ]) {
    is(await signIn(email, password), 200);
    is(await signIn(email, `${password}.`), 401);
  }
  for (const email of ['gone', 'sha1', 'md5', 'none']) is(await signIn(`${email}@example.org`, 'an otter floats at dusk'), 401);
  is(await signIn('none@example.org', '!'), 401);
});

test('a weak hash is stronger after a sign-in, and Django verifies it still; a strong one stays', async () => {
  assert.match(hashOf('old@example.org'), /^pbkdf2_sha256\$260000\$/);
  assert.match(hashOf('strong@example.org'), /^pbkdf2_sha256\$700000\$/);
  assert.equal(await djangoChecks('of django 1.4', hashOf('old@example.org')), true);
  assert.equal(await djangoChecks('of django 1.5', hashOf('old@example.org')), false);
});

test('what user add makes, Django verifies', async () => {
  const password = 'Größe "zählt" nicht 🐙';
  await server.addUser('ours@example.org', { password });
  assert.equal(await djangoChecks(password, hashOf('ours@example.org')), true);
  assert.equal(await djangoChecks(`${password} `, hashOf('ours@example.org')), false);
  is(await signIn('ours@example.org', password), 200);
});

test('nobody is an admin unless it was asked for; a whole dump is read for its users', async () => {
  assert.equal(sql(server, 'SELECT count(*) FROM account WHERE is_admin = 1')[0][0], 0);
  const other = await Server.start();
  try {
    const { code, stdout } = await run(['user', 'import', at('all.json'), '--admins', '--data', other.data]);
    assert.equal(code, 0);
    assert.match(stdout, /12 users read: 10 accounts made[^]* 2 are admins/);
    assert.deepEqual(sql(other, 'SELECT email FROM account WHERE is_admin = 1 ORDER BY id'), [['ada@example.org'], ['staff@example.org']]);
  } finally {
    await other.stop();
  }
});

test('CSV from a database says the same', async () => {
  await django(`
import csv
from django.contrib.auth.models import User
columns = ['id', 'password', 'username', 'email', 'first_name', 'last_name', 'is_active', 'is_superuser', 'date_joined']
with open(sys.argv[2], 'w', newline='') as out:
    rows = csv.writer(out)
    rows.writerow(columns)
    for row in User.objects.order_by('id').values_list(*columns):
        rows.writerow(row)
`, at('users.csv'));
  const other = new Server();
  mkdirSync(other.data, { recursive: true });
  const { code, stdout, stderr } = await run(['user', 'import', at('users.csv'), '--data', other.data]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /12 users read: 10 accounts made, 2 left out\n {2}7 sign in/);
  await other.start();
  try {
    is(await new Client(other).post('/api/v1/login', { email: 'ada@example.org', password: 'an otter floats at dusk' }), 200);
  } finally {
    await other.stop();
  }
});

test('the list of accounts says who has what', async () => {
  const { code, stdout } = await user('list', '--json');
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /pbkdf2/);
  const all = new Map(JSON.parse(stdout).accounts.map((one) => [one.email, one]));
  assert.equal(all.size, accounts());
  const { id, created_at, signed_in_at, ...ada } = all.get('ada@example.org');
  assert.deepEqual(ada, { email: 'ada@example.org', admin: false, active: true, has_password: true, totp: false, passkeys: 0, recovery_codes: 0 });
  assert.ok(id > 0 && Date.parse(created_at) <= Date.now() && Math.abs(Date.parse(signed_in_at) - Date.now()) < 300_000);
  assert.equal(all.get('sha1@example.org').has_password, false);
  assert.equal(all.get('gone@example.org').active, false);
  assert.equal(all.get('gone@example.org').signed_in_at, null);
  const plain = await user('list');
  assert.match(plain.stdout, /sha1@example\.org .*password: to be reset by mail/);
  assert.match(plain.stdout, /10\d* accounts|11 accounts, 0 with a second factor/);
});

test('as many as may be, beside a running server', async () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `u${i}@many.example.org,pbkdf2_sha256$1$salt$zTBZh7Kc5hvXWWdh0yqxQrCrL8TtLHOd6JzvRo04L5o=`);
  writeFileSync(at('many.csv'), `email,password\n${lines.join('\n')}\n`);
  const begun = Date.now();
  const importing = user('import', at('many.csv'));
  is(await signIn('ada@example.org', 'an otter floats at dusk'), 200);
  const { code, stdout, stderr } = await importing;
  assert.deepEqual([code, stderr], [0, '']);
  console.log(`100,000 users: ${Date.now() - begun} ms`);
  assert.match(stdout, /100000 accounts made/);
  writeFileSync(at('many.csv'), `email,password\n${lines.join('\n')}\nlast@example.org,!\n`);
  const more = await user('import', at('many.csv'), '--dry-run');
  assert.equal(more.code, 1);
  assert.match(more.stderr, /line 100002 is one too many/);
});
