// Two machines that changed the same come to the same, whoever was first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, winner } from '../../src/store/record-rules.ts';

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

const own = (value: unknown, version: number, untold = 0) => ({ value, version, untold });
const JUDGED: [string, ReturnType<typeof own> | null, unknown, number, plain: string, settling: string][] = [
  ['unknown here', null, OPENING, 3, 'take', 'take'],
  ['newer there', own({ n: 1 }, 2), { n: 2 }, 3, 'take', 'take'],
  ['older there', own({ n: 1 }, 4), { n: 2 }, 3, 'keep', 'keep'],
  ['changed here, upon what is there', own({ n: 1 }, 3, 1), { n: 2 }, 3, 'keep', 'keep'],
  ['changed here and there, theirs wins', own({ n: 1 }, 2, 1), { n: 2 }, 3, 'take', 'take'],
  ['closed here and used there', own(null, 2, 1), OPENING, 3, 'retell', 'retell'],
  ['closed here, which was told and lost, and used there', own(null, 2), OPENING, 3, 'take', 'retell'],
  ['told here and lost, by the same number there', own({ n: 1 }, 3), { n: 2 }, 3, 'keep', 'take'],
  ['closed here and lost, by the same number there', own(null, 3), OPENING, 3, 'keep', 'retell'],
  ['used here by a later number that is lost, closed there', own(OPENING, 9), null, 3, 'keep', 'take'],
  ['the same', own({ n: 1 }, 3), { n: 1 }, 3, 'keep', 'keep'],
  ['the same by a newer number', own({ n: 1 }, 2), { n: 1 }, 3, 'take', 'take'],
];
for (const [what, here, value, version, plain, settling] of JUDGED)
  test(`${what}: ${plain}, and ${settling} where numbers say nothing`, () => {
    const name = 'opening/a';
    assert.equal(judge(name, here, { value, version }, false), plain);
    assert.equal(judge(name, here, { value, version }, true), settling);
  });
