// The table of tests/vectors/http1.txt against a live edge, over TLS: what the parser says is what the
// wire says, a refused connection ends, and one that was not refused goes on in step.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { RawConnection } from './lib/raw.mjs';
import { Server, sleep } from './lib/server.mjs';

const TABLE = new URL('../vectors/http1.txt', import.meta.url);
// What the edge or the core may say to a request that was understood.
const UNDERSTOOD = new Set([200, 204, 304, 401, 403, 404, 405, 406, 415, 422]);
const LAST = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const AT_ONCE = 8; // connections

let server;
before(async () => (server = await Server.start()));
after(() => server.stop());

// \r \n \t \0 \\ \xNN and \(COUNT TEXT), as bytes in a string.
function unescape(text) {
  const single = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' };
  return text.replace(/\\(?:\((\d+) ([^)]*)\)|x([0-9A-F]{2})|(.))/g, (_, count, inner, hex, letter) => {
    if (count !== undefined) return unescape(inner).repeat(Number(count));
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    assert.ok(letter in single, `unknown escape \\${letter}`);
    return single[letter];
  });
}

function readTable() {
  const lines = readFileSync(TABLE, 'latin1').split('\n');
  return lines
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
    .map(({ text, line }) => {
      const [, verdict, section, request] = /^([^|]*)\|([^|]*)\| ?(.*)$/s.exec(text);
      return { line, verdict: verdict.trim(), section: section.trim(), request: Buffer.from(unescape(request), 'latin1') };
    });
}

async function exchange(run) {
  const raw = await RawConnection.open(server);
  const late = setTimeout(() => raw.end(), 8000);
  try {
    return await run(raw);
  } finally {
    clearTimeout(late);
    raw.end();
  }
}

// The next answer that is not 100 Continue.
async function finalAnswer(raw) {
  for (;;) {
    const answer = await raw.answer();
    if (answer === null || answer.status !== 100) return answer;
  }
}

async function checkRefused(row, raw) {
  const answer = await raw.answer();
  assert.equal(answer?.status, Number(row.verdict));
  assert.match(answer.head, /^connection: close$/im);
  const problem = JSON.parse(answer.text);
  assert.equal(problem.status, answer.status);
  assert.ok(problem.detail.length > 10, 'tells what to do');
  await raw.closed();
  assert.equal(raw.error, undefined, 'a goodbye, not a reset');
}

async function checkUnderstood(row, raw) {
  const isHead = row.verdict.startsWith('ok HEAD');
  if (isHead) {
    await sleep(50); // a head has a length and no body: what counts is the answer behind it
    raw.write(LAST);
    await raw.closed();
    assert.equal(raw.everything().match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 2);
    return;
  }
  const answer = await finalAnswer(raw);
  assert.ok(UNDERSTOOD.has(answer?.status), `${answer?.status} to a good request`);
  if (/ close$/.test(row.verdict)) {
    assert.match(answer.head, /^connection: close$/im);
    await raw.closed();
    return;
  }
  raw.write(LAST);
  const last = await raw.answer();
  assert.equal(last?.status, 200, 'the next request is understood from its first byte');
  await raw.closed();
}

async function checkMore(row, raw) {
  await sleep(150);
  assert.equal(raw.isClosed, false);
  assert.equal(raw.everything(), '', 'nothing is said to half a request');
}

async function checkRow(row) {
  await exchange(async (raw) => {
    raw.write(row.request);
    if (row.verdict === 'more') await checkMore(row, raw);
    else if (row.verdict.startsWith('ok ')) await checkUnderstood(row, raw);
    else await checkRefused(row, raw);
  }).catch((error) => {
    throw new Error(`http1.txt:${row.line} (${row.section}, ${row.verdict}): ${error.message}`, { cause: error });
  });
}

test('every request of the table gets its answer over TLS', async () => {
  const rows = readTable();
  assert.ok(rows.length >= 130, `${rows.length} rows`);
  const waiting = [...rows];
  const failures = [];
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      await checkRow(row).catch((error) => failures.push(error.message));
    }
  });
  await Promise.all(workers);
  assert.deepEqual(failures, []);
});

test('one empty line before a request is let pass, two are not (RFC 9112 section 2.2)', async () => {
  await exchange(async (raw) => {
    raw.write(`\r\n${LAST}`);
    assert.equal((await raw.answer())?.status, 200);
  });
  await exchange(async (raw) => {
    raw.write(`\r\n\r\n${LAST}`);
    assert.equal((await raw.answer())?.status, 400);
    await raw.closed();
  });
});

test('a pipeline is answered in order, up to the first bad request (RFC 9112 section 9.3.2)', async () => {
  await exchange(async (raw) => {
    const good = (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    raw.write(`${good('/healthz')}${good('/nowhere')}${good('/healthz')}BAD\r\n\r\n${good('/healthz')}`);
    const statuses = [];
    for (let answer = await raw.answer(); answer !== null; answer = await raw.answer()) statuses.push(answer.status);
    assert.deepEqual(statuses, [200, 404, 200, 400]);
  });
});

test('a body counts from its first byte, whatever it looks like (RFC 9112 section 6.3)', async () => {
  await exchange(async (raw) => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    raw.write(`POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${LAST}`);
    assert.equal((await raw.answer())?.status, 404);
    assert.equal((await raw.answer())?.status, 200);
    assert.equal(await raw.answer(), null);
  });
});

test('a request in single bytes is the same request', async () => {
  await exchange(async (raw) => {
    raw.socket.setNoDelay(true);
    for (const byte of LAST) {
      raw.write(byte);
      await sleep(1);
    }
    assert.equal((await raw.answer())?.status, 200);
  });
});

test('100 Continue comes when a body is waited for, and only then (RFC 9110 section 10.1.1)', async () => {
  await exchange(async (raw) => {
    raw.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    assert.equal((await raw.answer())?.status, 100);
    raw.write('hello');
    assert.equal((await raw.answer())?.status, 404);
    raw.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello');
    assert.equal((await raw.answer())?.status, 404, 'the body is there already');
  });
});
