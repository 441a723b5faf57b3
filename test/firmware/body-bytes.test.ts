// The bytes of a reply: none that came is lost, whatever happens behind it, and no more wait than there is room for.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { BodyBytes } from '../../src/firmware/body-bytes.ts';
import { within } from '../rig/bounded.ts';

const idle = (): Readable => new Readable({ read: () => {} });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function all(bytes: BodyBytes): Promise<string[]> {
  const chunks: string[] = [];
  for (let next = await bytes.next(); next !== null; next = await bytes.next()) chunks.push(next.toString());
  return chunks;
}

describe('the bytes of a body', () => {
  it('come in order, to their end', async () => {
    assert.deepEqual(await all(new BodyBytes(Readable.from(['a', 'b', 'c'].map(Buffer.from), { objectMode: false }))), [
      'a',
      'b',
      'c',
    ]);
  });

  it('are there before the error that came behind them', async () => {
    const body = idle();
    const bytes = new BodyBytes(body);
    body.push('abc');
    await turn();
    body.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await turn();
    assert.equal((await bytes.next())?.toString(), 'abc');
    await assert.rejects(bytes.next(), { code: 'ECONNRESET' });
    await assert.rejects(bytes.next(), { code: 'ECONNRESET' }, 'and again');
  });

  it('wake who waits: with bytes, with an error, and where somebody hangs up', async () => {
    for (const [what, act] of Object.entries({
      bytes: (body: Readable) => void body.push('abc'),
      error: (body: Readable) => void body.destroy(new Error('reset')),
      'hanging up': (_: Readable, bytes: BodyBytes) => bytes.abort(),
    })) {
      const body = idle();
      const bytes = new BodyBytes(body);
      const next = bytes.next().then(
        (chunk) => chunk?.toString(),
        () => 'failed',
      );
      await turn();
      act(body, bytes);
      assert.equal(await within(what, next), what === 'bytes' ? 'abc' : 'failed');
    }
  });

  it('hold the upstream back where nobody reads', async () => {
    let given = 0;
    const body = new Readable({
      highWaterMark: 64 * 1024,
      read: () => {
        given += 1;
        body.push(given > 100 ? null : Buffer.alloc(64 * 1024));
      },
    });
    const bytes = new BodyBytes(body);
    for (let turns = 0; turns < 50; turns += 1) await turn();
    assert.ok(given < 10, `${given} pieces of 64 KiB wait`);
    assert.equal((await all(bytes)).length, 100);
  });
});
