// Runs the unit tests: each *.test.ts is bundled by esbuild and handed to Node's own runner, beside
// the plain *.test.mjs. Works on Node 18, which reads no TypeScript.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'oceanremote-web-'));
const named = (ending) => readdirSync(here).filter((name) => name.endsWith(ending)).map((name) => join(here, name));
try {
  await build({
    entryPoints: named('.test.ts'),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { WORK_WORKER: '"/assets/work.js"', STRENGTH_WORKER: '"/assets/strength.js"' },
    logLevel: 'warning',
  });
  const bundled = readdirSync(out).map((name) => join(out, name));
  const { status } = spawnSync(process.execPath, ['--test', ...bundled, ...named('.test.mjs')], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true });
}
