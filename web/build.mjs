#!/usr/bin/env node
// Bundles the dashboard and writes it as C: node build.mjs OUTPUT.c [--dist DIR]
//
// Every file lies in the server's memory three times: plain, gzip and brotli, with the ETag of the
// plain bytes. Bundles carry a digest in their name and may be cached for ever. The published API
// description is made from api/openapi.yaml, so that what is served is what is in the repository.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { parse } from 'yaml';

const HERE = dirname(fileURLToPath(import.meta.url));
// Bytes after brotli: what every visit loads, what comes when a page or a form asks for it.
const LIMITS = { dashboard: 60_000, later: 30_000, dictionary: 350_000 };
const PAGES = [
  '/', '/sign-in', '/register', '/confirm', '/confirm-email', '/forgot', '/reset',
  '/account', '/account/*', '/add', '/devices/*',
];

const digest = (bytes, kind, as) => createHash(kind).update(bytes).digest(as);
const source = (name) => readFileSync(join(HERE, 'src', name));

const OPTIONS = {
  outdir: '/assets',
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  charset: 'utf8',
  absWorkingDir: HERE,
  logLevel: 'warning',
};

const TYPES = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' };

function asset(name, contents, limit) {
  const kind = name.split('.').pop();
  const body = Buffer.from(contents);
  return { path: `/assets/${name}`, kind, type: TYPES[kind], limit, immutable: true, body, integrity: `sha384-${digest(body, 'sha384', 'base64')}` };
}

const fingerprint = (bytes) => digest(bytes, 'sha256', 'hex').slice(0, 12);

// A worker is one file by itself; the dashboard must know its name.
async function worker(source, name, limit) {
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: [join(HERE, 'src', source)] });
  const body = outputFiles[0].contents;
  return asset(`${name}-${fingerprint(body)}.js`, body, limit);
}

// Preact and TypeScript become one module that each visit loads, and one for each page that is
// imported when it is opened; what these share is loaded by the first. esbuild puts a digest of the
// contents into each name.
async function dashboard(names) {
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: { dashboard: join(HERE, 'src/main.tsx') },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    splitting: true,
    metafile: true,
    define: Object.fromEntries(Object.entries(names).map(([name, path]) => [name, JSON.stringify(path)])),
  });
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const isFirst = ({ entryPoint }) => entryPoint === 'src/main.tsx';
  const entry = [...outputs.values()].find(isFirst);
  const shared = new Set(entry.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => basename(path)));
  return outputFiles.map(({ path, contents }) => {
    const name = basename(path);
    const always = shared.has(name) || isFirst(outputs.get(name));
    return { ...asset(name, contents, always ? 'dashboard' : 'later'), role: shared.has(name) ? 'shared' : always ? 'entry' : 'page' };
  });
}

async function sheet() {
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: [join(HERE, 'src/style/main.css')] });
  const body = outputFiles[0].contents;
  return { ...asset(`dashboard-${fingerprint(body)}.css`, body, 'dashboard'), role: 'sheet' };
}

async function bundles() {
  const work = await worker('work.worker.ts', 'work', 'later');
  const strength = await worker('strength.worker.ts', 'strength', 'dictionary');
  return [...(await dashboard({ WORK_WORKER: work.path, STRENGTH_WORKER: strength.path })), await sheet(), work, strength];
}

function page(made) {
  const js = made.find(({ role }) => role === 'entry');
  const css = made.find(({ role }) => role === 'sheet');
  const shared = made.filter(({ role }) => role === 'shared');
  const preload = ({ path, integrity }) => `<link rel="modulepreload" href="${path}" integrity="${integrity}">`;
  const values = {
    js: js.path, css: css.path, 'js-integrity': js.integrity, 'css-integrity': css.integrity, preloads: shared.map(preload).join('\n'),
  };
  return Buffer.from(source('index.html').toString().replace(/\{\{([\w-]+)\}\}/g, (_, name) => values[name]));
}

function apiDescription() {
  return Buffer.from(JSON.stringify(parse(readFileSync(join(HERE, '../api/openapi.yaml'), 'utf8'))));
}

async function files() {
  const made = await bundles();
  return [
    { paths: PAGES, type: 'text/html; charset=utf-8', body: page(made) },
    ...made.map((file) => ({ paths: [file.path], ...file })),
    { paths: ['/icon.svg'], type: 'image/svg+xml', body: source('icon.svg') },
    { paths: ['/manifest.webmanifest'], type: 'application/manifest+json', body: source('manifest.webmanifest') },
    { paths: ['/robots.txt'], type: 'text/plain; charset=utf-8', body: source('robots.txt') },
    { paths: ['/openapi.json', '/api/v1/openapi.json'], type: 'application/json', body: apiDescription() },
  ].map(compressed);
}

// A compressed body that isn't smaller is left out.
function compressed(file) {
  const brotli = brotliCompressSync(file.body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: file.body.length },
  });
  const gzip = gzipSync(file.body, { level: 9 });
  const smaller = (bytes) => (bytes.length < file.body.length ? bytes : null);
  return { ...file, etag: `"${digest(file.body, 'sha256', 'base64url').slice(0, 22)}"`, brotli: smaller(brotli), gzip: smaller(gzip) };
}

// --- C ------------------------------------------------------------------------------------------

const quoted = (text) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

function cBytes(name, bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 32) lines.push(bytes.subarray(at, at + 32).join(','));
  return `static const uint8_t ${name}[] = {\n${lines.join(',\n')}};\n`;
}

function cSource(all) {
  const arrays = [];
  const rows = [];
  all.forEach((file, i) => {
    const view = (suffix, bytes) => {
      if (!bytes) return '{NULL, 0}';
      arrays.push(cBytes(`file_${i}_${suffix}`, bytes));
      return `{file_${i}_${suffix}, sizeof(file_${i}_${suffix})}`;
    };
    const bodies = [view('plain', file.body), view('gzip', file.gzip), view('brotli', file.brotli)];
    const text = (value) => `{(const uint8_t *)${quoted(value)}, ${Buffer.byteLength(value)}}`;
    for (const path of file.paths) {
      rows.push(
        `    {${text(path)}, ${text(file.type)}, ${text(file.etag)}, ${file.immutable ? 'true' : 'false'},\n     ${bodies.join(', ')}},`,
      );
    }
  });
  return `/* Generated by web/build.mjs. */
#include "server/edge/assets.h"

${arrays.join('\n')}
const struct asset assets[] = {
${rows.join('\n')}
};
const size_t asset_count = sizeof(assets) / sizeof(assets[0]);
`;
}

// --- the run ------------------------------------------------------------------------------------

function report(all) {
  const size = (bytes) => String(bytes ? bytes.length : '–').padStart(8);
  console.log(`${'plain'.padStart(8)} ${'gzip'.padStart(8)} ${'brotli'.padStart(8)}`);
  for (const file of all) console.log(`${size(file.body)} ${size(file.gzip)} ${size(file.brotli)}  ${file.paths.join(' ')}`);
  return Object.entries(LIMITS).map(([limit, most]) => {
    const sum = all.filter((file) => file.limit === limit).reduce((bytes, file) => bytes + (file.brotli ?? file.body).length, 0);
    console.log(`${limit}: ${sum} bytes compressed, at most ${most}`);
    return sum <= most;
  }).every(Boolean);
}

function writeDist(directory, all) {
  for (const file of all) {
    const name = join(directory, file.paths[0] === '/' ? 'index.html' : file.paths[0]);
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, file.body);
  }
}

const [output, option, dist] = process.argv.slice(2);
if (!output || output.startsWith('-') || (option && (option !== '--dist' || !dist))) {
  console.error('use: node build.mjs OUTPUT.c [--dist DIR]');
  process.exit(2);
}
const all = await files();
if (!report(all)) {
  console.error('The dashboard has outgrown its limit: see web/build.mjs.');
  process.exit(1);
}
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, cSource(all));
if (dist) writeDist(dist, all);
