// What becomes of a change that the disk of the state does not take: a refusal that says what to do, no fault of ours.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tellError } from '../../src/control/admin/refusals.ts';

function thrownBy(does: () => unknown): unknown {
  try {
    does();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('a full disk is told as such, with the next step', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE kept (what TEXT); PRAGMA max_page_count = 2');
  const full = thrownBy(() => database.prepare('INSERT INTO kept VALUES (?)').run('x'.repeat(100_000)));
  for (const error of [full, Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })]) {
    const { problem, unforeseen } = tellError(error);
    assert.equal(problem.code, 'STATE_NOT_WRITTEN');
    assert.equal(problem.status, 507);
    assert.equal(unforeseen, false);
    assert.match(problem.detail, /^the disk of stateDir takes nothing \(.+\), so this was not kept: make room/);
  }
  const wrong = thrownBy(() => database.prepare('SELECT nothing FROM nowhere'));
  assert.equal(tellError(wrong).unforeseen, true, 'a wrong statement is a fault of ours');
});
