// What a one-time link was found to mean: it is looked at once, and again only where nothing of it is there any more.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fill, FillEnd } from '../../src/firmware/fill.ts';
import { newTotals } from '../../src/firmware/fills.ts';
import type { Found } from '../../src/firmware/found.ts';
import { KnownLinks, type KnownLinksParts } from '../../src/firmware/known-links.ts';
import type { FillState } from '../../src/link/firmware.ts';

const SHA = '0f'.repeat(32);

/** What a library says that has these images, and a place for passing ones. */
function opened(images: Set<string>, passing = new Set<string>()) {
  const parts = {
    library: {
      check: async (sha256: string) => images.has(sha256),
      image: (sha256: string) => images.has(sha256) || undefined,
    },
    passing: { get: (id: string) => (passing.has(id) ? { id } : undefined) },
    totals: newTotals(),
  } as unknown as KnownLinksParts;
  const links = new KnownLinks(parts);
  let looks = 0;
  const ask = (look: () => Promise<Found>): Promise<Found> =>
    links.find('link', () => {
      looks += 1;
      return look();
    });
  return { links, ask, looks: () => looks };
}

function fillOf(state: FillState): { fill: Fill; end: (how: FillEnd, state: FillState) => Promise<void> } {
  const done = Promise.withResolvers<FillEnd>();
  const fill = { id: 'fill', state, done: done.promise };
  return {
    fill: fill as unknown as Fill,
    end: async (how, last) => {
      fill.state = last;
      done.resolve(how);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const image = async (): Promise<Found> => ({ kind: 'image', sha256: SHA, how: 'revalidated' });
const whole = { kind: 'whole', verdict: { sha256: SHA } } as unknown as FillEnd;
const failed = { kind: 'failed' } as unknown as FillEnd;

describe('a one-time link', () => {
  it('is looked at once by all who ask at the same time', async () => {
    const { ask, looks } = opened(new Set([SHA]));
    const found = await Promise.all([ask(image), ask(image), ask(image)]);
    assert.equal(looks(), 1);
    for (const one of found) assert.equal(one.kind, 'image');
  });

  it('tells all who wait that it is dead, and is looked at again by the next', async () => {
    const { ask, looks } = opened(new Set());
    const dead = (): Promise<Found> => Promise.reject(new Error('dead'));
    for (const one of await Promise.allSettled([ask(dead), ask(dead)])) assert.equal(one.status, 'rejected');
    assert.equal(looks(), 1);
    await assert.rejects(ask(dead));
    assert.equal(looks(), 2);
  });

  it('means its image as long as that is here, and is looked at once more by all together when it has gone', async () => {
    const images = new Set([SHA]);
    const { links, ask, looks } = opened(images);
    await ask(image);
    assert.equal(links.imageOf('link'), SHA);
    assert.equal((await ask(image)).how, 'hit');
    images.clear();
    await Promise.all([ask(image), ask(image)]);
    assert.equal(looks(), 2);
  });

  it('means its fill, and what became of it', async () => {
    for (const [kept, kind] of [
      [true, 'image'],
      [false, 'passing'],
    ] as const) {
      const images = new Set<string>();
      const { ask, looks } = opened(images, new Set(kept ? [] : ['fill']));
      const { fill, end } = fillOf({ kind: 'filling', have: 0 });
      await ask(async () => ({ kind: 'fill', fill, how: 'miss' }));
      assert.deepEqual(await ask(image), { kind: 'fill', fill, how: 'joined' });
      if (kept) images.add(SHA);
      await end(whole, { kind: 'whole', sha256: SHA });
      assert.equal((await ask(image)).kind, kind);
      assert.equal(looks(), 1);
    }
  });

  it('is looked at again where its fill has failed', async () => {
    const { ask, looks } = opened(new Set([SHA]));
    const { fill, end } = fillOf({ kind: 'filling', have: 0 });
    await ask(async () => ({ kind: 'fill', fill, how: 'miss' }));
    await end(failed, { kind: 'failed', code: 'UPSTREAM_RESET', detail: '' });
    assert.equal((await ask(image)).kind, 'image');
    assert.equal(looks(), 2);
  });
});
