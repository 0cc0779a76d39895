// What every answer owes its caller.

import assert from 'node:assert/strict';

export function isProblem(answer, status, type) {
  assert.equal(answer.status, status, `${answer.status} ${answer.text}`);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.json.type, `/problems/${type}`);
  assert.equal(answer.json.status, status);
  for (const name of ['title', 'detail']) {
    assert.equal(typeof answer.json[name], 'string', name);
    assert.notEqual(answer.json[name], '', name);
  }
  return answer.json;
}

export function is(answer, status) {
  assert.equal(answer.status, status, `${answer.status} ${answer.text}`);
  return answer.json;
}
