// A stream is read up to its bound, and no further.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readAtMost } from '../../src/base/bounded-body.ts';

const CASES: [string, string[], string, boolean][] = [
  ['nothing', [], '', true],
  ['less', ['ab', 'c'], 'abc', true],
  ['as much', ['ab', 'cd'], 'abcd', true],
  ['more, within a chunk', ['ab', 'cde', 'f'], 'abcd', false],
  ['more, at the end of a chunk', ['abcd', 'e', 'f'], 'abcd', false],
  ['more, in one chunk', ['abcdefgh'], 'abcd', false],
];
for (const [what, chunks, expected, whole] of CASES)
  test(what, async () => {
    const stream = Readable.from(
      chunks.map((chunk) => Buffer.from(chunk)),
      { objectMode: false },
    );
    const read = await readAtMost(stream, 4);
    assert.deepEqual([read.bytes.toString(), read.whole], [expected, whole]);
    assert.ok(whole || stream.destroyed, 'the rest is not waited for');
  });

test('a stream without an end', async () => {
  const endless = (async function* () {
    for (;;) yield Buffer.alloc(1000);
  })();
  assert.deepEqual((await readAtMost(endless, 4096)).bytes.length, 4096);
});

test('what breaks off is thrown', async () => {
  const broken = (async function* () {
    yield Buffer.from('ab');
    throw new Error('broken off');
  })();
  await assert.rejects(readAtMost(broken, 4), /broken off/);
});
