#!/usr/bin/env node
// What a scanner finds of the server as it is with nothing configured, and that the usual clients connect. In a network
// of its own, so that every open port of it is one of the server's.
//
//   [BUILD=DIR] [LONG=1] node tests/attack/scanners.mjs

import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../integration/lib/server.mjs';
import { Checks } from './lib/machine.mjs';
import { enterOwnNetwork } from './lib/network.mjs';

enterOwnNetwork(0);

const HTTP_PORT = 8080;
const checks = new Checks();
const directory = mkdtempSync(join(tmpdir(), 'oceanremote-scan-'));
const server = await Server.start({ limited: true, address: '0.0.0.0', settings: { http: `0.0.0.0:${HTTP_PORT}` } });
const caFile = join(server.data, 'ca.pem');
const at = `127.0.0.1:${server.port}`;

// The end of a program: { code, text }, both outputs together.
function run(program, args, { input = '', ms = 60_000 } = {}) {
  return new Promise((done) => {
    const child = execFile(program, args, { timeout: ms, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : error.code, text: stdout + stderr }),
    );
    child.stdin.end(input);
  });
}

// A certificate authority of one's own has nobody who publishes revocations for it: whoever has lost the key of a server
// makes a new authority. Nothing else above INFO is let pass.
const ACCEPTED = { cert_revocation: 'a local authority publishes no revocations' };
const HARMLESS = ['OK', 'INFO', 'DEBUG'];

// The essential groups take 20 seconds; with LONG everything that it knows. It is not slowed by the limits of an address,
// which is looked at below. Asked is a path with an answer of the API: those hold secrets, and must not be compressed
// (BREACH); the files of the dashboard are, and hold none.
async function scan(round) {
  const report = join(directory, `testssl-${round}.json`);
  const groups = process.env.LONG ? ['-9', '-E', '-g', '-p', '-s', '-f', '-S', '-P', '-c', '-h', '-U'] : ['-p', '-s', '-f', '-S', '-P', '-h', '-U'];
  const fixed = ['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--assume-http', '--add-ca', caFile, '--jsonfile', report];
  await run('testssl', [...fixed, ...groups, `https://${at}/api/v1/me`], { ms: 900_000 });
  const findings = JSON.parse(readFileSync(report, 'utf8'));
  return { findings, bad: findings.filter(({ id, ip, severity }) => ip !== '/' && !HARMLESS.includes(severity) && !(id in ACCEPTED)) };
}

// Its first client may hang up before the ticket has come, with which its second one wants to resume: it then says that it
// could not look, and is sent to look again.
const couldNotLook = ({ severity, finding }) => severity === 'WARN' && /check failed because of connect problem/.test(finding);

async function testssl() {
  let { findings, bad } = await scan(1);
  for (let round = 2; round <= 3 && bad.length > 0 && bad.every(couldNotLook); round++) ({ findings, bad } = await scan(round));
  assert.deepEqual(bad.map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`), []);
  const has = (id) => findings.find((one) => one.id === id)?.finding ?? '';
  assert.match(has('TLS1_3'), /offered/);
  for (const old of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1', 'TLS1_2']) assert.match(has(old), /not offered/, old);
  assert.match(has('cert_chain_of_trust'), /passed|\(OK\)|OK/i);
  assert.ok(findings.length > 50, `only ${findings.length} findings`);
  const met = server.log.filter((line) => /event=edge\.refused/.test(line));
  assert.deepEqual(met, [], 'the scanner met a limit: what it has found may not be all');
  console.log(`       ${findings.length} findings, none above INFO but ${Object.keys(ACCEPTED)}`);
}

async function nmap() {
  const { text } = await run('nmap', ['-n', '-Pn', '-T5', '-p-', '-oG', '-', '127.0.0.1']);
  const open = [...text.matchAll(/(\d+)\/open\//g)].map((match) => Number(match[1])).sort((a, b) => a - b);
  assert.deepEqual(open, [server.port, HTTP_PORT].sort((a, b) => a - b), text);
}

async function curl() {
  const { code, text } = await run('curl', ['-sS', '--cacert', caFile, '--interface', '127.3.0.1', '-w', '\n%{http_code} %{ssl_verify_result}', `https://${at}/healthz`]);
  assert.equal(code, 0, text);
  assert.match(text, /\n200 0$/);
}

async function sClient() {
  const { code, text } = await run('openssl', ['s_client', '-connect', at, '-bind', '127.3.0.2:0', '-CAfile', caFile, '-verify_return_error', '-verify_ip', '127.0.0.1', '-ign_eof'], {
    input: 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  });
  assert.equal(code, 0, text);
  assert.match(text, /New, TLSv1\.3, Cipher is TLS_/);
  assert.match(text, /Server Temp Key: X25519/);
  assert.match(text, /^HTTP\/1\.1 200 /m);
  assert.match(text, /Verify return code: 0 \(ok\)/);
}

// Fewer than the burst that one address may ask for.
async function h2load() {
  const { code, text } = await run('h2load', ['--h1', '-n', '30', '-c', '3', `https://${at}/healthz`]);
  assert.equal(code, 0, text);
  assert.match(text, /30 done, 30 succeeded, 0 failed/);
  assert.match(text, /status codes: 30 2xx/);
}

async function chromium() {
  const certificate = new X509Certificate(readFileSync(join(server.data, 'keys', 'server.pem')));
  const spki = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  const program = process.env.CHROMIUM ?? 'chromium';
  const args = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(directory, 'profile')}`, `--ignore-certificate-errors-spki-list=${spki}`, '--virtual-time-budget=5000', '--dump-dom'];
  const { text } = await run(program, [...args, `https://localhost:${server.port}/`]);
  assert.match(text, /<title>[^<]*OceanRemote/);
  assert.match(text, /type="password"/, 'the sign-in page is shown');
}

try {
  await checks.check('curl connects', curl);
  await checks.check('openssl s_client connects', sClient);
  await checks.check('h2load connects', h2load);
  await checks.check('Chromium shows the dashboard', chromium);
  await checks.check('nmap finds the listeners and nothing else', nmap);
  await checks.check('testssl finds nothing above INFO', testssl);
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
checks.end();
