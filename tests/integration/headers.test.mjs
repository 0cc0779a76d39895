// Row S4: the security fields of every kind of answer, byte by byte as it leaves the server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { RawConnection } from './lib/raw.mjs';
import { Server, SLOWER, until } from './lib/server.mjs';

let server, cookie, device;

before(async () => {
  server = await Server.start({ limited: true, settings: { http: '127.0.0.1:0', 'limits.api_per_s': 20, 'limits.handshakes_per_s': 1000, 'limits.login_per_min': 100 } });
  await server.addUser('ada@example.org');
  const ada = await Client.login(server, { email: 'ada@example.org' });
  cookie = ada.headers.Cookie;
  device = await Device.enrol(ada, 'buoy');
  ada.agent.destroy();
  device.agent.destroy();
});
after(() => server.stop());

// What comes behind the bytes of a request on a connection of its own, the head of the last answer.
async function headOf(text, { plain = false, until: end = '\r\n\r\n', count = 1 } = {}) {
  const raw = plain ? await RawConnection.openPlain(server.also('http')[0]) : await RawConnection.open(server);
  raw.write(text);
  await until(`the answer to ${text.slice(0, 60)}`, () => raw.isClosed || raw.everything().split(end).length > count, 30_000 * SLOWER);
  const bytes = raw.everything();
  raw.end();
  const heads = bytes.match(/HTTP\/1\.1 [^]*?\r\n\r\n/g);
  return heads[heads.length - 1];
}

const request = (method, path, more = '') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const signedIn = () => `Cookie: ${cookie}\r\n`;
const asDevice = () => `Authorization: ${device.headers.Authorization}\r\nX-Device-MAC: ${device.mac}\r\n`;
const LOGIN = '{"email":"a@example.org","password":"wrong wrong wrong"}';

// status, kind, request, options
const kinds = () => [
  [200, 'a page', request('GET', '/')],
  [200, 'HEAD of a page', request('HEAD', '/')],
  [200, 'an asset', request('GET', '/openapi.json')],
  [304, 'a page that has not changed', request('GET', '/', 'If-None-Match: *\r\n')],
  [404, 'no page', request('GET', '/nothing')],
  [405, 'a page, by the wrong method', request('POST', '/')],
  [200, 'health', request('GET', '/healthz')],
  [200, 'an answer of the API', request('GET', '/api/v1/me', signedIn())],
  [200, 'an event stream', request('GET', '/api/v1/events', signedIn())],
  [200, 'a state of a device', request('GET', '/device/v1/desired', asDevice())],
  [401, 'not signed in', request('GET', '/api/v1/me')],
  [403, 'forged', request('POST', '/api/v1/logout', signedIn())],
  [404, 'no route', request('GET', '/api/v1/nothing')],
  [404, 'no challenge', request('GET', '/.well-known/acme-challenge/x')],
  [405, 'a route, by the wrong method', request('DELETE', '/api/v1/me', signedIn())],
  [405, 'options', request('OPTIONS', '/api/v1/me')],
  [405, 'options of everything', request('OPTIONS', '*')],
  [415, 'no media type', request('POST', '/api/v1/login', 'Content-Length: 2\r\n') + '{}'],
  [400, 'no HTTP', 'x\n'],
  [400, 'no host', 'GET / HTTP/1.1\r\n\r\n'],
  [400, 'a disguised path', request('GET', '/%2e%2e/')],
  [408, 'half a head', 'GET / HTTP/1.1\r\n'],
  [413, 'too large a body', request('POST', '/api/v1/login', 'Content-Length: 65537\r\n')],
  [414, 'too long a target', request('GET', `/${'x'.repeat(2048)}`)],
  [417, 'another expectation', request('GET', '/', 'Expect: 200-ok\r\n')],
  [431, 'too large a head', request('GET', '/', `X: ${'x'.repeat(8192)}\r\n`)],
  [501, 'TRACE', request('TRACE', '/')],
  [501, 'CONNECT', 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  [501, 'an unknown method', request('PROPFIND', '/')],
  [501, 'chunks', request('POST', '/api/v1/login', 'Transfer-Encoding: chunked\r\n')],
  [505, 'HTTP/1.0', 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n'],
  [429, 'too often', request('GET', '/api/v1/me').repeat(60), { count: 60 }],
  [308, 'plain: a page', request('GET', '/'), { plain: true }],
  [403, 'plain: the API', request('GET', '/api/v1/me'), { plain: true }],
  [404, 'plain: no challenge', request('GET', '/.well-known/acme-challenge/x'), { plain: true }],
  [501, 'plain: TRACE', request('TRACE', '/'), { plain: true }],
  [400, 'plain: no HTTP', 'x\n', { plain: true }],
];

const PAGE_POLICY = /^default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; .*base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types oceanremote$/;
const DATA_POLICY = /^default-src 'none'; frame-ancestors 'none'$/;

const ALWAYS = {
  'x-frame-options': /^DENY$/,
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^same-origin$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  date: / GMT$/,
};

const FEATURES = ['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid', 'idle-detection', 'local-fonts', 'magnetometer', 'microphone', 'midi', 'payment', 'screen-wake-lock', 'serial', 'usb', 'xr-spatial-tracking'];
const DATA_FEATURES = ['camera', 'geolocation', 'microphone', 'payment', 'usb'];

function checkHead(kind, head, { isPage, isPlain }) {
  const lines = head.trimEnd().split('\r\n').slice(1);
  const names = lines.map((line) => line.split(':')[0].toLowerCase());
  assert.equal(new Set(names).size, names.length, `${kind}: a field stands twice: ${names}`);
  const headers = Object.fromEntries(lines.map((line, i) => [names[i], line.slice(line.indexOf(':') + 1).trim()]));
  for (const [name, expected] of Object.entries(ALWAYS)) assert.match(headers[name] ?? '', expected, `${kind}: ${name}`);
  assert.match(headers['content-security-policy'], isPage ? PAGE_POLICY : DATA_POLICY, kind);
  for (const feature of isPage ? FEATURES : DATA_FEATURES) assert.ok(headers['permissions-policy'].split(', ').includes(`${feature}=()`), `${kind}: ${feature}`);
  assert.equal(headers['strict-transport-security'], isPlain ? undefined : 'max-age=31536000; includeSubDomains', kind);
  if (!isPage) assert.equal(headers['cache-control'], 'no-store', kind);
  for (const name of ['server', 'x-powered-by', 'via', 'x-version', 'access-control-allow-origin', 'alt-svc']) assert.equal(headers[name], undefined, `${kind}: ${name}`);
  assert.doesNotMatch(head, /openssl|0\.1\.0/i, kind);
  if (head.startsWith('HTTP/1.1 4') || head.startsWith('HTTP/1.1 5')) assert.equal(headers['content-type'], 'application/problem+json', kind);
}

test('every kind of answer has every field, once, and none that says who answers', async () => {
  for (const [status, kind, text, options = {}] of kinds()) {
    const head = await headOf(text, options);
    assert.equal(Number(head.slice(9, 12)), status, `${kind}: ${head.slice(0, 40)}`);
    checkHead(kind, head, { isPage: /a page|an asset/.test(kind) && status < 400 && status !== 308, isPlain: options.plain === true });
  }
});

test('a continuation is one line, and no answer; the answer comes behind it', async () => {
  const raw = await RawConnection.open(server);
  raw.write(request('POST', '/api/v1/login', `Content-Type: application/json\r\nContent-Length: ${LOGIN.length}\r\nExpect: 100-continue\r\n`));
  await until('the continuation', () => raw.everything() !== '');
  assert.equal(raw.everything(), 'HTTP/1.1 100 Continue\r\n\r\n');
  await raw.answer();
  raw.write(LOGIN);
  const { status, head } = await raw.answer();
  assert.equal(status, 401);
  checkHead('after 100 Continue', head, { isPage: false, isPlain: false });
  raw.end();
});
