// The first bytes of a reply: they stay in it, and a reply that does not bring them is ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, peek, type Reply } from '../../src/firmware/fetch.ts';

/** A reply of these pieces, then its end, or what breaks it off. */
function replyOf(pieces: string[], broken: Error | null): { reply: Reply; aborted: () => number } {
  let aborted = 0;
  const rest = {
    next: async () => {
      const piece = pieces.shift();
      if (piece === undefined && broken !== null) throw broken;
      return piece === undefined ? null : Buffer.from(piece);
    },
  };
  const known = { headers: {}, length: 6, start: 0, etag: null, lastModified: null, fileName: null };
  const [url, contentType] = [new URL('http://upstream.test/a.bin'), 'application/octet-stream'];
  const abort = (): void => {
    aborted += 1;
  };
  const reply = { ...known, status: 200, upstream: 'main', url, contentType, begun: [], rest, abort } as const;
  return { reply: { ...reply, begun: [] }, aborted: () => aborted };
}

test('what was looked at is in the body still', async () => {
  const { reply, aborted } = replyOf(['ab', 'cd', 'ef'], null);
  assert.equal((await peek(reply, 3)).toString(), 'abc');
  assert.equal((await peek(reply, 1)).toString(), 'a');
  let body = '';
  for await (const chunk of bodyOf(reply)) body += chunk.toString();
  assert.deepEqual([body, aborted()], ['abcdef', 0]);
});

test('a body that is shorter', async () => {
  assert.equal((await peek(replyOf(['ab'], null).reply, 3)).toString(), 'ab');
});

test('one that breaks off is ended', async () => {
  const { reply, aborted } = replyOf(['ab'], Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  await assert.rejects(peek(reply, 3), { code: 'UPSTREAM_RESET' });
  assert.equal(aborted(), 1);
});
