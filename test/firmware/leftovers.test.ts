// Partial files that wait to be gone on with: one for each name, a bounded number, for a bounded time.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Leftover, Leftovers } from '../../src/firmware/leftovers.ts';
import { memoFile } from '../../src/firmware/partial.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const ALONE = '["link","main","/a"]';
const SHARED = '["promise","main","/","","board","1.0.0"]';

function made(name: string | null, startedMs = NOW): Leftover {
  const file = join(freshFolder(), 'a.part');
  for (const path of [file, memoFile(file)]) writeFileSync(path, 'x');
  const rest = { length: 10, etag: null, lastModified: null, fileName: null, contentType: 'x/y', bootId: 'boot' };
  return { file, memo: { name, startedMs, ...rest } };
}

const isThere = ({ file }: Leftover): boolean[] => [existsSync(file), existsSync(memoFile(file))];
const BOTH = [true, true];
const NONE = [false, false];

describe('leftovers', () => {
  it('are one for each name: the last one stays, with its files', () => {
    const [first, second] = [made('a'), made('a')];
    const leftovers = new Leftovers([first], NOW);
    leftovers.put(second);
    assert.deepEqual([isThere(first), isThere(second)], [NONE, BOTH]);
    leftovers.put(second);
    assert.deepEqual(isThere(second), BOTH, 'put once more, it is the same');
    assert.deepEqual(leftovers.names(), ['a']);
  });

  it('are given away once, and go where they do not fit', () => {
    const [fitting, other] = [made('a'), made('b')];
    const leftovers = new Leftovers([fitting, other], NOW);
    assert.equal(
      leftovers.take('a', ({ length }) => length === 10),
      fitting,
    );
    assert.deepEqual(isThere(fitting), BOTH);
    assert.equal(leftovers.take('a'), null);
    assert.equal(
      leftovers.take('b', ({ length }) => length === 11),
      null,
    );
    assert.deepEqual(isThere(other), NONE);
  });

  it('are sixteen at the most: the oldest go', () => {
    const all = Array.from({ length: 20 }, (_, nth) => made(`${nth}`));
    const leftovers = new Leftovers(all, NOW);
    assert.deepEqual(
      leftovers.names(),
      all.slice(4).map(({ memo }) => memo.name),
    );
    assert.deepEqual(all.filter((one) => isThere(one)[0]).length, 16);
  });

  it('without a name go at once', () => {
    const nameless = made(null);
    new Leftovers([], NOW).put(nameless);
    assert.deepEqual(isThere(nameless), NONE);
  });

  it('wait for a day, and for ten minutes where only one device can come back for them', () => {
    const [alone, shared, future] = [made(ALONE), made(SHARED), made('clock', NOW + 25 * 60 * MINUTE)];
    const leftovers = new Leftovers([alone, shared, future], NOW);
    assert.deepEqual(isThere(future), NONE, 'a clock that was set back makes nothing younger');
    leftovers.sweep(NOW + 9 * MINUTE);
    assert.deepEqual(leftovers.names(), [ALONE, SHARED]);
    leftovers.sweep(NOW + 10 * MINUTE);
    assert.deepEqual([isThere(alone), isThere(shared)], [NONE, BOTH]);
    leftovers.sweep(NOW + 24 * 60 * MINUTE);
    assert.deepEqual(isThere(shared), NONE);
  });
});
