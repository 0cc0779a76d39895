// Mails: real mail servers that take them, and what they say when they have arrived.
//
//   const exim = await Exim.start();                    // or Postfix
//   const server = await Server.start({ settings: exim.settings() });
//   const mail = await exim.mailTo('ada@example.org');  // or mailTo(server, 'ada@example.org') from DIR/mail
//   mail.subject, mail.text, mail.html, mail.link       // link: the one with a token

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM, isAlive, run, until } from './server.mjs';

const isRoot = process.getuid() === 0;
const USER = 'ocean';
const PASSWORD = 'a secret: for "mails"';

// ---- what a mail says --------------------------------------------------------------------------

function decodeQuoted(text) {
  const bytes = text.replace(/[ \t]+$/gm, '').replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

const decodeWords = (text) =>
  text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?UTF-8\?B\?([^?]*)\?=/gi, (_, base64) => Buffer.from(base64, 'base64').toString('utf8'));

function splitHead(raw) {
  const end = raw.search(/\r?\n\r?\n/);
  const headers = {};
  for (const line of raw.slice(0, end).replace(/\r?\n[ \t]/g, ' ').split(/\r?\n/)) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
  return { headers, body: raw.slice(end).replace(/^\r?\n\r?\n/, '') };
}

export function parseMail(raw) {
  const { headers, body } = splitHead(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'])[1];
  const parts = body.split(`--${boundary}`).slice(1, -1).map((part) => splitHead(part.replace(/^\r?\n|\r?\n$/g, ''))); // RFC 2046: that line end is the boundary's
  const content = (type) => decodeQuoted(parts.find((part) => part.headers['content-type'].startsWith(type)).body).replace(/\r\n/g, '\n');
  const text = content('text/plain');
  return {
    raw, headers, text,
    html: content('text/html'),
    subject: decodeWords(headers.subject),
    to: headers.to.replace(/^<|>$/g, ''),
    link: /^https:\/\/\S+#oc_mail_\S+$/m.exec(text)?.[0],
  };
}

// Every mail in a directory: a Maildir's `new`, or DIR/mail. Those to one address, and of one subject, oldest first.
export function mailsIn(directory, to, subject = /./) {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
  return names
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => parseMail(readFileSync(join(directory, name), 'latin1')))
    .filter((mail) => (to === undefined || mail.to === to) && subject.test(mail.subject));
}

// The newest mail in DIR/mail of a server without SMTP, as soon as there are `count` of them.
export function mailTo(server, to, { subject, count = 1 } = {}) {
  return until(`a mail to ${to}`, () => {
    const mails = mailsIn(join(server.data, 'mail'), to, subject);
    return mails.length >= count && mails.at(-1);
  }, 15_000);
}

// ---- the queue ---------------------------------------------------------------------------------

// Put a mail into the queue as the server's own code does, for mails that no route sends yet.
export async function queueMail(server, { kind = 'new-browser', to = 'ada@example.org', detail = 'Firefox on Linux', account = 0, subject = 1, life = 3600_000 } = {}) {
  const script = `
import sqlite3, sys, time
now = int(time.time() * 1000)
c = sqlite3.connect(sys.argv[1], timeout=10)
q = c.execute("INSERT INTO mail (kind, recipient, account_id, subject_id, detail, peer, created_at_ms, expires_at_ms, next_attempt_at_ms) VALUES (?,?,?,?,?,?,?,?,?)",
    (sys.argv[2], sys.argv[3], int(sys.argv[5]), int(sys.argv[6]), sys.argv[4], bytes(10) + bytes([255, 255, 192, 0, 2, 7]), now, now + int(sys.argv[7]), now))
c.commit()
print(q.lastrowid)`;
  const args = ['-c', script, join(server.data, 'db/oceanremote.db'), kind, to, detail, account, subject, life].map(String);
  const { code, stdout, stderr } = await run(args, { program: 'python3' });
  if (code !== 0) throw new Error(stderr);
  return Number(stdout);
}

// `oceanremote mail list --json`
export async function mailQueue(server) {
  const { code, stdout, stderr } = await run(['mail', 'list', '--json', '--data', server.data], { program: PROGRAM });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).mails;
}

export const mailCommand = (server, ...args) => run(['mail', ...args.map(String), '--data', server.data], { program: PROGRAM });

// ---- programs of Debian ------------------------------------------------------------------------

// The files of a package, without installing it: each mail server wants to be the machine's only one.
function unpack(name) {
  const shelf = fileURLToPath(new URL('../../../build-test/mail-servers', import.meta.url));
  const directory = join(shelf, name);
  if (existsSync(directory)) return directory;
  mkdirSync(shelf, { recursive: true });
  const fresh = mkdtempSync(join(shelf, '.fresh-'));
  const got = spawnSync('apt-get', ['download', '-qq', name], { cwd: fresh, encoding: 'utf8' });
  const file = readdirSync(fresh).find((one) => one.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get download ${name}: ${got.stderr}`);
  const opened = spawnSync('dpkg', ['-x', join(fresh, file), fresh], { encoding: 'utf8' });
  if (opened.status !== 0) throw new Error(opened.stderr);
  chmodSync(fresh, 0o755);
  try {
    renameSync(fresh, directory);
  } catch {
    rmSync(fresh, { recursive: true }); // another test was quicker
  }
  return directory;
}

export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

// A key with a certificate for these names, its own authority.
export function makeCertificate(directory, name, { names = 'DNS:localhost,IP:127.0.0.1' } = {}) {
  const [key, cert] = [join(directory, `${name}-key.pem`), join(directory, `${name}.pem`)];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=test'];
  const { status, stderr } = spawnSync('openssl', [...args, '-addext', `subjectAltName=${names}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  chmodSync(key, 0o644); // a test's key, for servers that are another user
  return { key, cert };
}

const running = new Set();
process.on('exit', () => {
  for (const server of running) server.endAtOnce();
});

class MailServer {
  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'oceanremote-mail-'));
    chmodSync(this.directory, 0o755);
    Object.assign(this, makeCertificate(this.directory, 'server'));
    this.passwordFile = join(this.directory, 'password');
    writeFileSync(this.passwordFile, `${PASSWORD}\n`);
  }

  static async start(options = {}) {
    const server = new this(options);
    server.port = await freePort();
    server.tlsPort = await freePort();
    await server.begin(options);
    running.add(server);
    await until('the mail server listens', () => new Promise((done, fail) => {
      const socket = connect(server.port, '127.0.0.1');
      socket.once('error', fail).once('data', () => {
        socket.destroy();
        done(true);
      });
    }), 15_000);
    return server;
  }

  // Settings of a server of ours that sends through this one.
  settings({ tls = false, port = tls ? this.tlsPort : this.port, ca = this.cert, ...more } = {}) {
    return {
      'smtp.host': 'localhost', 'smtp.port': port, 'smtp.security': tls ? 'tls' : 'starttls', 'smtp.user': USER,
      'smtp.password_file': this.passwordFile, 'mail.from': 'ocean@example.org', 'outbound.ca': ca, ...more,
    };
  }

  // All that has arrived, oldest first.
  mails(to, subject) {
    return mailsIn(this.inbox, to, subject);
  }

  mailTo(to, { subject, count = 1 } = {}) {
    return until(`a mail to ${to}`, () => this.mails(to, subject).length >= count && this.mails(to, subject).at(-1), 20_000);
  }

  log() {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  async stop() {
    running.delete(this);
    if (isAlive(this.process.pid)) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGCONT');
      this.process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  endAtOnce() {
    this.process.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// ---- Exim --------------------------------------------------------------------------------------

export class Exim extends MailServer {
  static UID = 64999;

  // offersTls: false is a server that speaks in clear only.
  async begin({ offersTls = true, cert = this.cert, key = this.key } = {}) {
    const at = (name) => join(this.directory, name);
    const [uid, gid] = isRoot ? [Exim.UID, Exim.UID] : [process.getuid(), process.getgid()];
    for (const name of ['spool', 'log', 'inbox', 'orders']) mkdirSync(at(name));
    copyFileSync(join(unpack('exim4-daemon-light'), 'usr/sbin/exim4'), at('exim4')); // without its set-user-id bit
    chmodSync(at('exim4'), 0o755);
    writeFileSync(at('passwd'), `root:x:0:0::/root:/bin/sh\nDebian-exim:x:${uid}:${gid}::${this.directory}:/bin/false\n`);
    writeFileSync(at('group'), `root:x:0:\nDebian-exim:x:${gid}:\n`);
    this.inbox = at('inbox/new');
    this.logFile = at('log/mainlog');
    const when = (order) => `condition = \${if exists{${at(`orders/${order}`)}}}`;
    writeFileSync(at('exim.conf'), `
exim_path = ${at('exim4')}
spool_directory = ${at('spool')}
log_file_path = ${at('log/%slog')}
pid_file_path = ${at('pid')}
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${this.port} : ${this.tlsPort}
tls_on_connect_ports = ${this.tlsPort}
tls_certificate = ${cert}
tls_privatekey = ${key}
tls_advertise_hosts = ${offersTls ? '*' : ''}
auth_advertise_hosts = ${offersTls ? '${if eq{$tls_in_cipher}{}{}{*}}' : '*'}
host_lookup =
deliver_drop_privilege = true
rfc1413_query_timeout = 0s
log_selector = +all
smtp_accept_max = 100
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  drop   ${when('drop')}
  defer  message = 4.3.0 please come again
         ${when('defer')}
  deny   message = 5.1.1 nobody of this name here
         ${when('deny')}
  accept authenticated = *
  deny   message = 5.7.1 sign in first
data:
  defer  message = 4.6.0 the content is looked at
         ${when('defer-data')}
  deny   message = 5.6.0 this content is not wanted
         ${when('deny-data')}
  warn   ${when('slow')}
         delay = 5s
  accept
begin routers
all:
  driver = accept
  transport = inbox
begin transports
inbox:
  driver = appendfile
  directory = ${at('inbox')}
  maildir_format
  user = ${uid}
  group = ${gid}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${USER}}}{eq{$auth3}{${PASSWORD}}}}}
  server_set_id = $auth2
`);
    if (isRoot) for (const name of ['spool', 'log', 'inbox', '.']) chownSync(at(name), uid, gid);
    const env = { ...process.env, LD_PRELOAD: 'libnss_wrapper.so', NSS_WRAPPER_PASSWD: at('passwd'), NSS_WRAPPER_GROUP: at('group') };
    this.process = spawn(at('exim4'), ['-C', at('exim.conf'), '-bdf'], { env, stdio: 'ignore' });
  }

  // 'defer', 'deny', 'drop' (at the recipient), 'defer-data', 'deny-data', 'slow' (at the content)
  order(name) {
    writeFileSync(join(this.directory, 'orders', name), '');
  }

  relent() {
    for (const name of readdirSync(join(this.directory, 'orders'))) rmSync(join(this.directory, 'orders', name));
  }
}

// ---- Postfix -----------------------------------------------------------------------------------

export const postfixNeeds = isRoot ? false : 'Postfix starts as root only';

export class Postfix extends MailServer {
  async begin() {
    const at = (name) => join(this.directory, name);
    const root = unpack('postfix');
    const daemons = join(root, 'usr/lib/postfix/sbin');
    const [MAIL, NEWS, NOBODY] = [8, 9, 65534];
    for (const name of ['conf/sasl', 'data', 'inbox', 'queue/pid', 'queue/maildrop', 'queue/public']) mkdirSync(at(name), { recursive: true });
    for (const name of ['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private', 'saved', 'trace']) {
      mkdirSync(at(`queue/${name}`), { mode: 0o700 });
      chownSync(at(`queue/${name}`), MAIL, 0);
    }
    chownSync(at('queue/maildrop'), MAIL, NEWS);
    chownSync(at('queue/public'), MAIL, NEWS);
    chmodSync(at('queue/public'), 0o710);
    chmodSync(at('queue/maildrop'), 0o730);
    chownSync(at('data'), MAIL, 0);
    chownSync(at('inbox'), NOBODY, NOBODY);
    this.inbox = at('inbox/all/new');
    this.logFile = at('log');
    writeFileSync(at('conf/main.cf'), `
compatibility_level = 3.6
queue_directory = ${at('queue')}
command_directory = ${join(root, 'usr/sbin')}
daemon_directory = ${daemons}
data_directory = ${at('data')}
shlib_directory = no
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
mail_owner = mail
setgid_group = news
myhostname = localhost
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_tls_cert_file = ${this.cert}
smtpd_tls_key_file = ${this.key}
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = localhost
smtpd_recipient_restrictions = check_recipient_access texthash:${at('conf/access')}, permit_sasl_authenticated, reject
mydestination =
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:all/
virtual_mailbox_base = ${at('inbox')}
virtual_uid_maps = static:${NOBODY}
virtual_gid_maps = static:${NOBODY}
maillog_file = ${this.logFile}
maillog_file_prefixes = ${tmpdir()}
`);
    writeFileSync(at('conf/access'), 'gone@example.org 550 5.1.1 has moved away\nbusy@example.org 450 4.2.0 is busy\n');
    const service = (name, type, limit, command) => `${name} ${type} - n n - ${limit} ${command}\n`;
    writeFileSync(at('conf/master.cf'), [
      `127.0.0.1:${this.port} inet n - n - - smtpd\n`,
      `127.0.0.1:${this.tlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n`,
      'cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n',
      'bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\npostlog unix-dgram n - n - 1 postlogd\n',
      ...['proxymap', 'anvil', 'error'].map((name) => service(name, 'unix', '-', name)),
      service('retry', 'unix', '-', 'error'), service('virtual', 'unix', '-', 'virtual'),
    ].join(''));
    // Its library for passwords reads them from a database of its own.
    writeFileSync(at('conf/sasl/smtpd.conf'), `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${at('sasldb2')}\n`);
    const made = spawnSync(join(unpack('sasl2-bin'), 'usr/sbin/saslpasswd2'), ['-p', '-c', '-f', at('sasldb2'), '-u', 'localhost', USER], { input: PASSWORD, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`saslpasswd2: ${made.stderr}`);
    chownSync(at('sasldb2'), MAIL, 0);
    const env = { ...process.env, LD_LIBRARY_PATH: join(root, 'usr/lib/postfix'), MAIL_CONFIG: at('conf') };
    // It ends its whole process group: it must have one of its own.
    this.process = spawn(join(daemons, 'master'), ['-c', at('conf'), '-d'], { env, stdio: 'ignore', detached: true });
  }
}

// ---- one that takes its time --------------------------------------------------------------------

// Takes every mail, as slowly as it is told: `pause` in milliseconds before it answers `command` ('' is the greeting, '.' the
// end of a mail); Infinity is silence. It keeps what a server would have delivered.
export class SlowServer {
  contents = [];
  asked = [];
  sockets = new Set();

  static async start({ command, pause }) {
    const slow = new SlowServer();
    Object.assign(slow, { command, pause, directory: mkdtempSync(join(tmpdir(), 'oceanremote-mail-')) });
    chmodSync(slow.directory, 0o755);
    Object.assign(slow, makeCertificate(slow.directory, 'server'));
    slow.listener = createServer((socket) => slow.#serve(socket)).listen(0, '127.0.0.1');
    await once(slow.listener, 'listening');
    slow.port = slow.listener.address().port;
    return slow;
  }

  settings() {
    return { 'smtp.host': 'localhost', 'smtp.port': this.port, 'smtp.security': 'starttls', 'mail.from': 'ocean@example.org', 'outbound.ca': this.cert };
  }

  #serve(socket) {
    this.sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    this.#answer(socket, '', '220 slow.example.org');
    this.#listen(socket);
  }

  // Asked is before answered: a client that does not wait is heard all the same.
  #answer(socket, command, text, then = () => {}) {
    this.asked.push(command);
    const say = () => !socket.destroyed && socket.write(`${text}\r\n`, then);
    if (command !== this.command) say();
    else if (this.pause !== Infinity) setTimeout(say, this.pause).unref();
  }

  #listen(socket) {
    let [heard, content] = ['', null];
    const take = (bytes) => {
      heard += bytes.toString('latin1');
      for (let end; (end = heard.indexOf('\r\n')) >= 0;) {
        const line = heard.slice(0, end);
        heard = heard.slice(end + 2);
        const command = line.slice(0, 4).toUpperCase();
        if (content !== null && line !== '.') content += `${line}\n`;
        else if (content !== null) {
          this.contents.push(content);
          content = null;
          this.#answer(socket, '.', '250 taken');
        } else if (command === 'STAR') {
          socket.off('data', take);
          return this.#answer(socket, command, '220 go on', () => {
            const options = { isServer: true, cert: readFileSync(this.cert), key: readFileSync(this.key) };
            this.#listen(new TLSSocket(socket, options).on('error', () => {}));
          });
        } else if (command === 'DATA') {
          content = '';
          this.#answer(socket, command, '354 go on');
        } else if (command === 'EHLO') this.#answer(socket, command, socket.encrypted ? '250 slow.example.org' : '250-slow.example.org\r\n250 STARTTLS');
        else this.#answer(socket, command, command === 'QUIT' ? '221 bye' : '250 yes');
      }
    };
    socket.on('data', take);
  }

  async stop() {
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.listener, 'close');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// ---- between the courier and a mail server ------------------------------------------------------

// Passes bytes on, and breaks the connection where the test wants: after so many bytes of the client, or when the
// server has answered so much; or swallows what the server says from there on.
export class Cutter {
  connections = 0;
  sockets = new Set();

  static async start(port, { afterSent = Infinity, afterHeard = Infinity, swallows = false } = {}) {
    const cutter = new Cutter();
    Object.assign(cutter, { afterSent, afterHeard, swallows });
    cutter.listener = createServer((client) => cutter.#serve(client, port)).listen(0, '127.0.0.1');
    await once(cutter.listener, 'listening');
    cutter.port = cutter.listener.address().port;
    return cutter;
  }

  #serve(client, port) {
    this.connections++;
    const server = connect(port, '127.0.0.1');
    let [sent, heard] = [0, 0];
    const end = () => [client, server].forEach((socket) => socket.destroy());
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', () => (end(), this.sockets.delete(socket)));
    }
    client.on('data', (bytes) => {
      const left = this.afterSent - sent;
      sent += bytes.length;
      server.write(bytes.subarray(0, Math.max(0, left)));
      if (sent >= this.afterSent && !this.swallows) end();
    });
    server.on('data', (bytes) => {
      heard += bytes.length;
      if (heard < this.afterHeard && !(this.swallows && sent >= this.afterSent)) client.write(bytes);
      else if (!this.swallows) end();
    });
  }

  async stop() {
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.listener, 'close');
  }
}
