// The published description: valid OpenAPI 3.1, and complete where a reader relies on it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Ajv from 'ajv/dist/2020.js';
import { Validator } from '@seriousme/openapi-schema-validator';
import { parse } from 'yaml';

const text = readFileSync(new URL('../../api/openapi.yaml', import.meta.url), 'utf8');
const api = parse(text);
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];
const CALLERS = /^(anyone|owner-browser|owner-confirmed|key:(read|control|manage)|device)$/;

const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => [`${method} ${path}`, item[method], method]),
);

test('is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(api));
  assert.ok(result.valid, JSON.stringify(result.errors, null, 2));
  assert.match(api.openapi, /^3\.1\./);
});

test('every operation says who may call it, and its security agrees', () => {
  for (const [name, operation, method] of operations) {
    const caller = operation['x-caller'];
    assert.match(caller ?? '', CALLERS, name);
    const schemes = operation.security.flatMap(Object.keys);
    if (caller === 'anyone') assert.deepEqual(schemes, [], name);
    if (caller === 'device') assert.deepEqual(schemes, ['deviceSession', 'deviceMac'], name);
    if (caller.startsWith('owner-')) assert.ok(schemes.includes('session') && !schemes.includes('apiKey'), name);
    if (caller.startsWith('key:')) assert.ok(schemes.includes('session') && schemes.includes('apiKey'), name);
    if (schemes.includes('session')) assert.equal(schemes.includes('csrf'), method !== 'get', name);
  }
});

test('every operation has a name of its own, a summary and an answer for each who may be refused', () => {
  const ids = new Set();
  for (const [name, operation] of operations) {
    assert.ok(operation.summary, name);
    assert.ok(!ids.has(operation.operationId), name);
    ids.add(operation.operationId);
    if (operation['x-caller'] !== 'anyone') assert.ok(operation.responses['401'], name);
    assert.ok(Object.keys(operation.responses).some((status) => status.startsWith('2')), name);
    if (operation.requestBody) assert.ok(operation.responses['400'] && operation.responses['422'], name);
  }
});

test('every reference leads somewhere, and everything named is used', () => {
  const used = new Set([...text.matchAll(/\$ref: '#\/components\/([\w/]+)'/g)].map((match) => match[1]));
  for (const reference of used) {
    const [kind, name] = reference.split('/');
    assert.ok(api.components[kind]?.[name], reference);
  }
  const events = ['schemas/ReadingEvent', 'schemas/DesiredEvent', 'schemas/ReportedEvent']; // named in prose
  for (const kind of ['schemas', 'responses', 'parameters', 'headers']) {
    for (const name of Object.keys(api.components[kind])) {
      const reference = `${kind}/${name}`;
      assert.ok(used.has(reference) || events.includes(reference), `${reference} is never used`);
    }
  }
});

test('describes the routes of the server, each with its caller', () => {
  const table = readFileSync(new URL('../../server/api/routes.h', import.meta.url), 'utf8');
  const rows = [...table.matchAll(/ROUTE\((\w+),\s*"([^"]+)",\s*(\w+),\s*(\w+),/g)];
  const callers = { ANYONE: () => 'anyone', BROWSER: () => 'owner-browser', CONFIRMED: () => 'owner-confirmed', DEVICE: () => 'device', OWNER: (scope) => `key:${scope.toLowerCase()}` };
  const served = rows.map(([, method, path, caller, scope]) => `${method.toLowerCase()} ${path} ${callers[caller](scope)}`);
  const files = ['get /api/v1/openapi.json anyone']; // answered by the edge, like the dashboard's own
  const described = operations.map(([name, operation]) => `${name} ${operation['x-caller']}`);
  assert.ok(served.length > 20);
  assert.deepEqual(described.sort(), [...served, ...files].sort());
});

test('the examples of problems carry the status they stand under', () => {
  for (const [name, response] of Object.entries(api.components.responses)) {
    const problem = response.content['application/problem+json'];
    if (!problem) continue;
    assert.ok(api.components.schemas.Problem.properties.type.enum.includes(problem.example.type), name);
  }
  for (const [name, operation] of operations) {
    for (const [status, response] of Object.entries(operation.responses)) {
      const target = response.$ref && api.components.responses[response.$ref.split('/').pop()];
      const example = target?.content['application/problem+json']?.example;
      if (example) assert.equal(String(example.status), status, `${name} ${status}`);
    }
  }
});

// Every { schema, example | examples } in the document, with the JSON pointer of its schema.
function* examples(node, pointer) {
  if (node === null || typeof node !== 'object') return;
  const inner = `${pointer}/schema`;
  if (node.schema && node.example !== undefined) yield [inner, node.example];
  if (node.schema) for (const { value } of Object.values(node.examples ?? {})) yield [inner, value];
  if (/\/schemas\/\w+$/.test(pointer)) for (const value of node.examples ?? []) yield [pointer, value];
  for (const [key, child] of Object.entries(node)) {
    if (key === 'example' || key === 'examples') continue;
    yield* examples(child, `${pointer}/${key.replace(/~/g, '~0').replace(/\//g, '~1')}`);
  }
}

test('every example is one', () => {
  const ajv = new Ajv.default({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(api, 'api');
  let count = 0;
  for (const [pointer, example] of examples(api, '')) {
    if (pointer.includes('text~1')) continue; // CSV and event streams are text
    const check = ajv.getSchema(`api#${encodeURI(pointer)}`);
    assert.ok(check, pointer);
    assert.ok(check(example), `${pointer}: ${ajv.errorsText(check.errors)}`);
    count++;
  }
  assert.ok(count > 40, `only ${count} examples`);
});
