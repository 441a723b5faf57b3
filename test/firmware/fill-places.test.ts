// From where a fill can fetch: each one-time link gives two GETs at the most, and never the last one of its device.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GateError } from '../../src/base/errors.ts';
import type { Place } from '../../src/firmware/fetch.ts';
import { FillPlaces } from '../../src/firmware/fill-places.ts';

const place = (name: string): Place => ({
  upstream: 'main',
  url: new URL(`http://127.0.0.1/${name}`),
  host: 'ota.test',
  authorization: null,
});
const dead = (): never => {
  throw new GateError('FIRMWARE_LINK_DEAD', 'used up', { fault: 'upstream', status: 404 });
};
const nameOf = ({ url }: Place): string => url.pathname.slice(1);

/** Asks so often, and gives back where. */
async function asked(places: FillPlaces, times: number): Promise<string[]> {
  const names: string[] = [];
  for (let nth = 0; nth < times; nth += 1) {
    const name = await places.ask(async (one) => nameOf(one)).catch((error: GateError) => error.code);
    names.push(name);
  }
  return names;
}

describe('the places of a fill', () => {
  it('one stable link gives as often as it is asked', async () => {
    const places = new FillPlaces(place('a'), false, true);
    places.offer(place('b'));
    assert.deepEqual(await asked(places, 4), ['a', 'a', 'a', 'a']);
    assert.equal(places.hasMore(), true);
  });

  it('a one-time link gives twice, with what was asked before', async () => {
    assert.deepEqual(await asked(new FillPlaces(place('a'), true, true), 2), ['a', 'FIRMWARE_LINK_DEAD']);
    assert.deepEqual(await asked(new FillPlaces(place('a'), true, false), 3), ['a', 'a', 'FIRMWARE_LINK_DEAD']);
  });

  it('several one-time links take turns, the least asked first', async () => {
    const places = new FillPlaces(place('a'), true, true);
    for (const name of ['b', 'c', 'b', 'a']) places.offer(place(name));
    assert.deepEqual(await asked(places, 6), ['b', 'c', 'a', 'b', 'c', 'FIRMWARE_LINK_DEAD']);
    assert.equal(places.hasMore(), false);
  });

  it('one that is dead gives way to the next, and the last of them is told', async () => {
    const places = new FillPlaces(place('a'), true, false);
    places.offer(place('b'));
    const tried: string[] = [];
    const ask = places.ask(async (one) => {
      tried.push(nameOf(one));
      return dead();
    });
    await assert.rejects(ask, { code: 'FIRMWARE_LINK_DEAD' });
    assert.deepEqual(tried, ['a', 'b']);
    assert.equal(places.hasMore(), false);
  });

  it('an error of another kind is told at once', async () => {
    const places = new FillPlaces(place('a'), true, false);
    places.offer(place('b'));
    await assert.rejects(
      places.ask(async () => Promise.reject(new GateError('UPSTREAM_RESET', 'broken', { fault: 'upstream' }))),
      { code: 'UPSTREAM_RESET' },
    );
    assert.equal(places.hasMore(), true);
  });

  it('of very many links, a few are kept, the first and the newest among them', async () => {
    const places = new FillPlaces(place('first'), true, false);
    for (let number = 0; number < 1_000; number += 1) places.offer(place(String(number)));
    const names = new Set(await asked(places, 50));
    assert.ok(names.size <= 10);
    assert.ok(names.has('first') && names.has('999'));
  });
});
