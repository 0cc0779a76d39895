// What an attacker gets who runs code inside a process: nothing that is not on its list.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is } from './lib/expect.mjs';
import { BUILD, PROGRAM, SLOWER, Server, isAlive, run, sleep, until } from './lib/server.mjs';

const isRoot = process.getuid() === 0;
const isSanitized = SLOWER > 1; // their list is longer: the leak checker traces, clones and opens files
const INJECT = join(BUILD, 'inject');
const FIRST_UID = 64200;
const STRANGER = 12345; // a user that nothing belongs to
const UIDS = { core: FIRST_UID, edge: FIRST_UID + 1, keyring: FIRST_UID + 2, courier: FIRST_UID + 3, vault: FIRST_UID + 4 };

// The outcome of one system call made by a running process, or null when we may not do that.
function inject(pid, ...call) {
  const { status, stdout, stderr } = spawnSync(INJECT, [pid, ...call].map(String), { encoding: 'utf8' });
  if (status === 77) return null;
  if (status !== 0) throw new Error(`inject ${call.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

const cannotInject = (() => {
  if (!existsSync(INJECT)) return 'the injector is for x86-64 only';
  const child = spawn('sleep', ['60']);
  try {
    return inject(child.pid, 'getpid') === null ? 'ptrace is not permitted here' : isRoot ? false : 'the processes can be traced by root only, and this is not root';
  } finally {
    child.kill();
  }
})();
const rootOnly = isRoot ? false : 'not root: processes keep the user that started them';

const statusOf = (pid) => Object.fromEntries(readFileSync(`/proc/${pid}/status`, 'latin1').split('\n').map((line) => line.split(/:\s*/, 2)));
const logged = (server, from, words) => server.log.slice(from).find((line) => words.test(line));
const hasLandlock = (server) => logged(server, 0, /event=sandbox\.no_landlock/) === undefined;

let server;
before(async () => {
  server = await Server.start();
  server.isAttacked = true;
});
after(() => server.stop());

const serves = async (one) => (await new Client(one).get('/healthz')).status === 200;

// Every kind of child that this version has.
const kinds = () => [...new Set(server.children().map(({ name }) => name))].sort();

test('each child has a filter, no capability and no way to gain one; as root each has a user of its own', () => {
  assert.ok(kinds().includes('core') && kinds().includes('edge'));
  for (const { pid, name } of server.children()) {
    const status = statusOf(pid);
    assert.equal(status.Seccomp, '2', name);
    assert.equal(status.NoNewPrivs, '1', name);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb', ...(isRoot ? ['CapBnd'] : [])]) assert.match(status[set], /^0+$/, `${name} ${set}`);
    const uid = isRoot ? UIDS[name] : process.getuid();
    assert.notEqual(uid, 0);
    assert.equal(status.Uid, `${uid}\t${uid}\t${uid}\t${uid}`, name);
    if (isRoot) {
      assert.equal(status.Gid, `${uid}\t${uid}\t${uid}\t${uid}`, name);
      assert.equal(status.Groups.trim(), '', name);
    }
    const limits = readFileSync(`/proc/${pid}/limits`, 'latin1');
    assert.match(limits, /^Max core file size +0 +0 /m, name);
    if (!isSanitized) assert.match(limits, /^Max processes +0 +0 /m, name);
    assert.ok(logged(server, 0, new RegExp(`event=sandbox\\.entered pid=${pid} process=${name} seccomp=\\d+ landlock=\\d+ uid=${uid}$`)), name);
  }
  const parent = statusOf(server.process.pid);
  assert.equal(parent.Seccomp, '2');
  assert.equal(parent.NoNewPrivs, '1');
});

test('the database is the core’s, the keys are not', { skip: rootOnly }, () => {
  const owner = (name) => statSync(join(server.data, name)).uid;
  const mode = (name) => statSync(join(server.data, name)).mode & 0o777;
  assert.deepEqual([owner('.'), owner('keys'), owner('lock')], [0, 0, 0]);
  assert.deepEqual([mode('.'), mode('keys'), mode('db')], [0o700, 0o700, 0o700]);
  assert.equal(owner('db'), UIDS.core);
  for (const name of readdirSync(join(server.data, 'db'))) assert.equal(owner(join('db', name)), UIDS.core, name);
});

// Can this user look into that process? What it says for one of its own proves that the question works.
function canRead(uid, pid) {
  const as = { uid, gid: uid };
  return spawnSync('/bin/sh', ['-c', `exec 3<>/proc/${pid}/mem`], as).status === 0;
}

test('nobody but root reads the memory of a process, not even its own user', { skip: rootOnly }, () => {
  for (const { pid, name } of server.children()) {
    const uid = UIDS[name];
    const own = spawn('sleep', ['60'], { uid, gid: uid });
    try {
      assert.equal(canRead(uid, own.pid), true);
      assert.equal(canRead(uid, pid), false, name);
    } finally {
      own.kill();
    }
  }
});

// Names of calls with arguments: what every process is killed for.
const NEVER = [
  ['execve', '/bin/sh', 0, 0],
  ['fork'],
  ['socket', 2, 1, 0],
  ['connect', 3, '@', 16],
  ['bind', 3, '@', 16],
  ['listen', 3, 1],
  ['mprotect', '@', 4096, 7],
  ['mmap', 0, 4096, 5, 0x22, -1, 0],
  ['memfd_create', 'x', 0],
  ['process_vm_readv', 1, '@', 1, '@', 1, 0],
  ['setuid', 0],
  ['chroot', '.'],
  ['rename', 'a', 'b'],
  ['mkdir', 'x', 0o777],
  ['symlink', 'a', 'b'],
  ['chmod', 'a', 0o777],
  ['mount', 'a', 'b', 'c', 0, 0],
  ['bpf', 0, '@', 8],
  ['keyctl', 0, 0],
  ['io_uring_setup', 1, '@'],
  ['tgkill', 1, 1, 0],
];
// Sanitizers themselves need these.
if (!isSanitized) NEVER.push(['clone', 0x11, 0, 0, 0, 0], ['ptrace', 0, 0, 0, 0], ['kill', 1, 0], ['prctl', 4, 1], ['ioctl', 2, 0x5412, '@']);
const NEVER_OF = {
  edge: isSanitized ? [] : [['openat', -100, '/etc/passwd', 0], ['openat', -100, '.', 0], ['fcntl', 3, 4, 0]],
  core: [['accept4', 3, 0, 0, 0], ['fcntl', 3, 4, 0], ['epoll_create1', 0]],
  keyring: [['accept4', 3, 0, 0, 0], ['epoll_create1', 0]],
  courier: [['accept4', 3, 0, 0, 0], ['epoll_create1', 0], ['socket', 1, 1, 0], ['socket', 17, 3, 0], ['unlink', 'a']],
  vault: [['accept4', 3, 0, 0, 0], ['epoll_create1', 0]],
};
// The courier is there to connect, and gives files their names.
const ALLOWED_OF = { courier: ['socket', 'connect', 'bind', 'rename'] };

// Kill it by this call; the parent says why and starts another one.
async function diesOf(name, call) {
  const [pid] = server.pidsOf(name);
  const lines = server.log.length;
  const what = `${name}: ${call.join(' ')}`;
  await sleep(250 * Math.sqrt(SLOWER)); // who lives shorter is started later
  assert.deepEqual(inject(pid, ...call), { killed: 'SIGSYS' }, what);
  const line = await until('the parent notices', () => logged(server, lines, new RegExp(`event=parent\\.child_ended .*child=${name} .*signal=SIGSYS`)));
  assert.match(line, /hint="it made a system call that it may not make/);
  await until(`another ${name}`, () => logged(server, lines, new RegExp(`event=parent\\.child_ready .*child=${name} `)));
  assert.ok(!isAlive(pid), what);
}

describe('a forbidden call ends the process, and the parent starts another', { skip: cannotInject }, () => {
  test('a call that is allowed does no harm: the injector works', async () => {
    for (const { pid, name } of server.children()) {
      assert.deepEqual(inject(pid, 'getpid'), { result: pid }, name);
      assert.ok(isAlive(pid));
    }
    assert.ok(await serves(server));
  });
  for (const name of ['edge', 'core', 'keyring', 'courier', 'vault'])
    test(name, async (t) => {
      if (!kinds().includes(name)) return t.skip('this version has none');
      const ada = await Client.login(server, await server.addUser(`${name}@example.org`));
      const device = await Device.enrol(ada);
      is(await device.measure('temperature', 1), 204);
      const never = NEVER.filter(([call]) => !ALLOWED_OF[name]?.includes(call));
      for (const call of [...never, ...NEVER_OF[name]]) await diesOf(name, call);
      await until('service', () => serves(server));
      is(await device.measure('temperature', 2), 204);
      assert.equal((await ada.device(device.id)).latest.temperature.value, 2);
    });
});

test('an edge that says a second time that it is ready is not one of ours any more', { skip: cannotInject }, async () => {
  const [pid] = server.pidsOf('edge');
  const lines = server.log.length;
  const READY = '\v'; // CONTROL_READY as a byte, to CONTROL_FD
  const sent = inject(pid, 'sendto', 3, READY, 1, 0, 0, 0); // or killed already: the parent is quick
  assert.ok(sent.result === 1 || sent.killed === 'SIGKILL', JSON.stringify(sent));
  await until('the parent ends it', () => logged(server, lines, /event=parent\.child_killed .*child=edge .*reason=protocol/));
  await until('another edge', () => logged(server, lines, /event=parent\.child_ready .*child=edge /));
  await until('service', () => serves(server));
});

test('a process that is stopped and goes on is not killed for it', async () => {
  const pids = server.children().map(({ pid }) => pid);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await sleep(50);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  await until('service', () => serves(server));
  for (const pid of pids) assert.ok(isAlive(pid));
});

test('the core opens what is in DIR/db and nothing else', { skip: cannotInject }, (t) => {
  const [core] = server.pidsOf('core');
  const open = (path) => inject(core, 'openat', -100, path, 0).result;
  // Its root directory is DIR/db: what is outside has no name there.
  assert.ok(open('/oceanremote.db') >= 0);
  for (const path of ['/etc/passwd', join(server.data, 'keys/server-key.pem'), '/../keys/server-key.pem', '/proc/self/mem']) assert.equal(open(path), -2, path);
  if (!hasLandlock(server)) return t.skip('this kernel has no Landlock');
});

// struct sockaddr_in of a port of 127.0.0.1, for the injector.
const address = (port) => `%0200${port.toString(16).padStart(4, '0')}7f000001`;

test('the courier opens what names are looked up with, makes files in DIR/mail, and connects to its ports only', { skip: cannotInject }, async (t) => {
  const secret = join(server.directory, 'secret');
  writeFileSync(secret, 'secret\n');
  const other = await Server.start({ settings: { 'smtp.host': 'localhost', 'smtp.port': 2525, 'smtp.password_file': secret } });
  other.isAttacked = true;
  const [courier] = other.pidsOf('courier');
  const open = (path, flags = 0) => inject(courier, 'openat', -100, path, flags, 0o600).result;
  assert.ok(open('/etc/hosts') >= 0);
  for (const path of [join(other.data, 'keys/server-key.pem'), join(other.data, 'db/oceanremote.db'), secret]) assert.equal(open(path), -13, path);
  if (hasLandlock(other)) {
    assert.equal(open('/etc/passwd'), -13);
    assert.equal(open('/tmp/oceanremote-courier-was-here', 0o101), -13);
    const landlock = Number(/ landlock=(\d+) /.exec(logged(other, 0, /event=sandbox\.entered .*process=courier /))[1]);
    const socket = inject(courier, 'socket', 2, 1, 0).result;
    const to = (port) => inject(courier, 'connect', socket, address(port), 16).result;
    const REFUSED = -111;
    assert.equal(to(2525), REFUSED); // allowed, and nobody is there
    if (landlock >= 4) for (const port of [22, 80, 443, other.port]) assert.equal(to(port), -13, `port ${port}`);
  }
  await other.stop();
  if (!hasLandlock(other)) t.skip('this kernel has no Landlock');
});

test('a server that root has not started: Landlock keeps the core from the keys of its own user', { skip: cannotInject }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-test-'));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'data'), { mode: 0o700 });
  copyFileSync(PROGRAM, join(directory, 'program')); // where that user can reach it
  const wrap = ['/bin/sh', '-c', `shift; exec setpriv --reuid=${STRANGER} --regid=${STRANGER} --clear-groups ${directory}/program "$@"`, 'sh'];
  const other = new Server({ directory, wrap });
  for (const name of ['.', 'data', 'data/oceanremote.conf']) chownSync(join(directory, name), STRANGER, STRANGER);
  try {
    await other.start();
    for (const { pid, name } of other.children()) {
      const status = statusOf(pid);
      assert.equal(status.Uid.split('\t')[0], String(STRANGER));
      assert.equal(status.Seccomp, '2', name);
      assert.equal(canRead(STRANGER, pid), false, name);
    }
    const [core] = other.pidsOf('core');
    const open = (name) => inject(core, 'openat', -100, join(other.data, name), 0).result;
    assert.ok(open('db/oceanremote.db') >= 0);
    if (!hasLandlock(other)) return t.skip('this kernel has no Landlock');
    const EACCES = -13;
    for (const name of ['keys/server-key.pem', 'keys/ca-key.pem', 'ca.pem', 'oceanremote.conf', 'lock']) assert.equal(open(name), EACCES, name);
    assert.equal(inject(core, 'openat', -100, '/etc/passwd', 0).result, EACCES);
  } finally {
    await other.stop();
    rmSync(directory, { recursive: true });
  }
});

test('the parent writes below DIR only, and the calls that nobody needs end it too', { skip: cannotInject }, async (t) => {
  const other = await Server.start();
  const outside = join(other.directory, 'outside');
  if (hasLandlock(other)) {
    assert.equal(inject(other.process.pid, 'openat', -100, outside, 0o101, 0o600).result, -13);
    assert.ok(!existsSync(outside));
    assert.ok(inject(other.process.pid, 'openat', -100, join(other.data, 'inside'), 0o101, 0o600).result >= 0);
  }
  const children = other.children();
  const ended = once(other.process, 'exit');
  assert.deepEqual(inject(other.process.pid, 'unshare', 0), { killed: 'SIGSYS' });
  assert.deepEqual(await ended, [null, 'SIGSYS']);
  await until('its children have left', () => children.every(({ pid }) => !isAlive(pid)));
  rmSync(other.directory, { recursive: true });
  if (!hasLandlock(other)) t.skip('this kernel has no Landlock');
});

// ---- whose the files are ----------------------------------------------------------------------

const owners = (one) => readdirSync(join(one.data, 'db')).map((name) => statSync(join(one.data, 'db', name)).uid);

test('user add by root, before the first start and beside a server, leaves everything to the core', { skip: rootOnly }, async () => {
  const other = new Server();
  const early = await other.addUser('early@example.org');
  assert.ok(owners(other).length > 0);
  assert.ok(owners(other).every((uid) => uid === UIDS.core), String(owners(other)));
  await other.start();
  const late = await other.addUser('late@example.org');
  assert.ok(owners(other).every((uid) => uid === UIDS.core), String(owners(other)));
  await Client.login(other, early);
  await Client.login(other, late);
  await other.stop();
});

test('a database of a version before, with its log, is found in its new place', async () => {
  const other = await Server.start();
  const ada = await Client.login(other, await other.addUser('ada@example.org'));
  const device = await Device.enrol(ada);
  is(await device.measure('temperature', 7), 204);
  await other.kill(); // what was acknowledged is in the log
  const files = readdirSync(join(other.data, 'db'));
  assert.ok(files.includes('oceanremote.db-wal'));
  for (const file of files) renameSync(join(other.data, 'db', file), join(other.data, file));
  if (isRoot) for (const file of files) chownSync(join(other.data, file), 0, 0);
  rmSync(join(other.data, 'db'), { recursive: true });
  await other.start();
  assert.ok(logged(other, 0, /event=parent\.database_moved /));
  assert.ok(!existsSync(join(other.data, 'oceanremote.db')) && !existsSync(join(other.data, 'oceanremote.db-wal')));
  assert.equal((await ada.device(device.id)).latest.temperature.value, 7);
  await other.stop();
});

test('data of another user is refused with words', { skip: rootOnly }, async () => {
  const other = new Server();
  chownSync(other.data, STRANGER, STRANGER);
  const { code, stderr } = await run(['serve', '--data', other.data, '--https', '127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(stderr, /^oceanremote: \S+ belongs to user \(12345\), and this is root \(0\): go on as the user/m);
  // A command acts as the user whose data it is.
  chmodSync(other.directory, 0o755);
  chownSync(join(other.data, 'oceanremote.conf'), STRANGER, STRANGER);
  await other.addUser('ada@example.org');
  assert.ok(owners(other).length > 0 && owners(other).every((uid) => uid === STRANGER), String(owners(other)));
  rmSync(other.directory, { recursive: true });
});

test('ids that the machine has not got are refused with words', { skip: rootOnly }, async () => {
  const other = new Server({ settings: { uids: 100 } });
  const { code, stderr } = await run(['serve', '--data', other.data, '--https', '127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(stderr, /uids = 100: it is a number from 1000 to/);
  writeFileSync(join(other.data, 'oceanremote.conf'), 'uids = 70000\nedges = 1\n');
  await other.start();
  assert.equal(statusOf(other.pidsOf('core')[0]).Uid.split('\t')[0], '70000');
  assert.equal(statSync(join(other.data, 'db')).uid, 70000);
  await other.stop();
});
