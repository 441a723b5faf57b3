// Two machines that changed the same come to the same, whoever was first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { winner } from '../../src/store/record-rules.ts';

const OPENING = { id: 'a' };
const CASES: [name: string, record: string, ours: unknown, theirs: unknown, wins: 'ours' | 'theirs'][] = [
  ['closed here, not there', 'opening/a', null, OPENING, 'ours'],
  ['closed there, not here', 'opening/a', OPENING, null, 'theirs'],
  ['two keys for links', 'seal-key/1', { key: 'b' }, { key: 'a' }, 'theirs'],
  ['two accounts', 'account/ca', { url: 'b' }, { url: 'a' }, 'theirs'],
  ['the later certificate', 'certificate/a.ecdsa', { obtainedMs: 2 }, { obtainedMs: 1 }, 'ours'],
  ['the earlier certificate', 'certificate/a.ecdsa', { obtainedMs: 1 }, { obtainedMs: 2 }, 'theirs'],
  ['purged here', 'image/a', null, { changedMs: 9 }, 'ours'],
  ['purged there', 'image/a', { changedMs: 9 }, null, 'theirs'],
  ['the later look', 'name/a', { checkedMs: 3 }, { checkedMs: 2 }, 'ours'],
  ['held here', 'rollout/a', { held: true, stops: [] }, { held: false, stops: [] }, 'ours'],
  ['stopped there', 'rollout/a', { held: false, stops: [] }, { held: false, stops: [{}] }, 'theirs'],
  ['a kind of a newer otagate', 'something/a', 1, 2, 'theirs'],
  ['what is damaged', 'certificate/a', 'text', { obtainedMs: 1 }, 'theirs'],
];

for (const [name, record, ours, theirs, wins] of CASES) {
  test(`${name}: ${wins}`, () => assert.equal(winner(record, ours, theirs), wins));
}
