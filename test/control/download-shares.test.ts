// The total pace is shared out by the number of downloads, and every gate knows how many the others have.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DownloadShares } from '../../src/control/download-shares.ts';
import type { GateLine, ToGate } from '../../src/link/messages.ts';

type Share = Extract<ToGate, { kind: 'share' }>;

/** A gate that remembers what it was told last. */
function gateLine(): { line: GateLine; told: () => { bytesPerSecond: number | null; elsewhere: number } | null } {
  let last: Share | null = null;
  return {
    line: (message) => {
      if (message.kind === 'share') last = message;
    },
    told: () => last && { bytesPerSecond: last.bytesPerSecond, elsewhere: last.elsewhere },
  };
}

describe('shares of the total', () => {
  it('follow the downloads, and are never more than the total', () => {
    const shares = new DownloadShares();
    const [a, b] = [gateLine(), gateLine()];
    shares.setTotal(1000);
    for (const { line } of [a, b]) shares.add(line);
    shares.set(a.line, 3);
    shares.set(b.line, 1);
    assert.deepEqual(a.told(), { bytesPerSecond: 750, elsewhere: 1 });
    assert.deepEqual(b.told(), { bytesPerSecond: 250, elsewhere: 3 });
    assert.equal(shares.active, 4);
    for (const [first, second] of [
      [1, 6],
      [7, 13],
      [1000, 1],
    ] as const) {
      shares.set(a.line, first);
      shares.set(b.line, second);
      const sum = (a.told()?.bytesPerSecond ?? 0) + (b.told()?.bytesPerSecond ?? 0);
      assert.ok(sum <= 1000 && sum >= 998, `${sum}`);
    }
  });

  it('leave enough for the first download of a gate that has none', () => {
    const shares = new DownloadShares();
    const [a, b] = [gateLine(), gateLine()];
    shares.setTotal(900);
    for (const { line } of [a, b]) shares.add(line);
    assert.deepEqual(a.told(), { bytesPerSecond: 900, elsewhere: 0 });
    shares.set(b.line, 2);
    assert.deepEqual(a.told(), { bytesPerSecond: 300, elsewhere: 2 });
  });

  it('change with the total, for what runs too', () => {
    const shares = new DownloadShares();
    const a = gateLine();
    shares.add(a.line);
    assert.deepEqual(a.told(), { bytesPerSecond: null, elsewhere: 0 });
    shares.set(a.line, 2);
    shares.setTotal(500);
    assert.deepEqual(a.told(), { bytesPerSecond: 500, elsewhere: 0 });
    shares.setTotal(null);
    assert.deepEqual(a.told(), { bytesPerSecond: null, elsewhere: 0 });
  });

  it('are at least one byte a second', () => {
    const shares = new DownloadShares();
    const [a, b] = [gateLine(), gateLine()];
    shares.setTotal(1);
    for (const { line } of [a, b]) shares.add(line);
    shares.set(a.line, 1);
    shares.set(b.line, 1000);
    assert.equal(a.told()?.bytesPerSecond, 1);
  });

  it('of a gate that has gone are there for the others, and nothing that it still said brings it back', () => {
    const shares = new DownloadShares();
    const [a, b] = [gateLine(), gateLine()];
    shares.setTotal(1000);
    for (const { line } of [a, b]) shares.add(line);
    shares.set(a.line, 1);
    shares.set(b.line, 4);
    shares.remove(b.line);
    assert.deepEqual(a.told(), { bytesPerSecond: 1000, elsewhere: 0 });
    // What a process sent before its end may be read behind it.
    shares.set(b.line, 5);
    assert.deepEqual(a.told(), { bytesPerSecond: 1000, elsewhere: 0 });
    assert.equal(shares.active, 1);
  });
});
