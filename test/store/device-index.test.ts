// The index finds every page of devices as a plain search and sort would, whatever came, changed and went before.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareVersions, isSafeVersion } from '../../src/ota/version.ts';
import { DeviceIndex, type Indexed } from '../../src/store/device-index.ts';
import type { DeviceQuery } from '../../src/store/history.ts';

const EVERY: DeviceQuery = {
  search: '',
  board: '',
  version: '',
  state: '',
  sort: 'device',
  order: 'asc',
  offset: 0,
  limit: 100,
};

const row = (device: string, more: Partial<Indexed> = {}): Indexed => ({
  device,
  board: 'kevin',
  version: '2.0.0',
  state: 'up-to-date',
  lastSeenMs: 0,
  proven: true,
  ...more,
});

function indexOf(rows: Indexed[]): DeviceIndex {
  const index = new DeviceIndex();
  for (const one of rows) index.put(one);
  return index;
}

const names = (index: DeviceIndex, query: Partial<DeviceQuery>): string =>
  index.find({ ...EVERY, ...query }).devices.join(' ');

describe('finds devices', () => {
  const index = indexOf([
    row('aa:01', { board: 'Kevin-C3', version: '1.9.0', state: 'failed', lastSeenMs: 30 }),
    row('aa:02', { board: 'lichuang', version: '1.10.0', lastSeenMs: 10 }),
    row('bb:01', { board: 'Kevin-C3', version: '1.10.0', lastSeenMs: 20, proven: false }),
    row('bb:02', { board: '', version: '', lastSeenMs: 40 }),
  ]);
  const cases: [what: string, query: Partial<DeviceQuery>, found: string][] = [
    ['all', {}, 'aa:01 aa:02 bb:01 bb:02'],
    ['by a part of the device', { search: 'A:0' }, 'aa:01 aa:02'],
    ['by a part of the board, in any case', { search: 'kEvin' }, 'aa:01 bb:01'],
    ['by a part of the version', { search: '.10' }, 'aa:02 bb:01'],
    ['by what none has', { search: 'zz' }, ''],
    ['of one board', { board: 'Kevin-C3' }, 'aa:01 bb:01'],
    ['of one board, whole and as it is written', { board: 'kevin' }, ''],
    ['of one version', { version: '1.10.0' }, 'aa:02 bb:01'],
    ['in one state', { state: 'failed' }, 'aa:01'],
    ['all of it together', { search: 'bb', board: 'Kevin-C3', version: '1.10.0', state: 'up-to-date' }, 'bb:01'],
    ['the last seen first', { sort: 'lastSeen', order: 'desc' }, 'bb:02 aa:01 bb:01 aa:02'],
    ['by version, as devices compare them', { sort: 'version' }, 'bb:02 aa:01 aa:02 bb:01'],
    ['by board, backwards', { sort: 'board', order: 'desc' }, 'aa:02 bb:01 aa:01 bb:02'],
    ['from the second on', { offset: 1, limit: 2 }, 'aa:02 bb:01'],
    ['from the second on, backwards', { offset: 1, limit: 2, order: 'desc' }, 'bb:01 aa:02'],
    ['the rest of a page', { offset: 3, limit: 2, order: 'desc' }, 'aa:01'],
    ['behind the end', { offset: 4 }, ''],
    ['behind the end, backwards', { offset: 9, order: 'desc' }, ''],
  ];
  for (const [what, query, found] of cases) it(what, () => assert.equal(names(index, query), found));

  it('and says how many there are on all pages', () => {
    assert.equal(index.find({ ...EVERY, search: 'aa', limit: 1 }).total, 2);
    assert.equal(index.find({ ...EVERY, offset: 99 }).total, 4);
  });

  it('and how many there are of each board and version, the most frequent first', () => {
    assert.deepEqual(index.boards(), [
      { name: 'Kevin-C3', count: 2 },
      { name: 'lichuang', count: 1 },
    ]);
    assert.deepEqual(index.versions(), [
      { name: '1.10.0', count: 2 },
      { name: '1.9.0', count: 1 },
    ]);
  });
});

it('names no more boards than fit on a page', () => {
  const index = indexOf(Array.from({ length: 300 }, (_, at) => row(`d${at}`, { board: `b${at}` })));
  assert.equal(index.boards().length, 200);
});

it('forgets a board that no device has any more', () => {
  const index = indexOf([row('a', { board: 'old' })]);
  index.put(row('a', { board: 'new' }));
  assert.deepEqual(index.boards(), [{ name: 'new', count: 1 }]);
  index.remove('a');
  assert.deepEqual(index.boards(), []);
});

it('knows who was seen least recently, whatever the clock said, proven and claims apart', () => {
  const index = indexOf([
    row('a', { lastSeenMs: 9 }),
    row('b', { lastSeenMs: 1 }),
    row('c'),
    row('x', { proven: false }),
  ]);
  index.put(row('a', { lastSeenMs: 0 }));
  assert.deepEqual(index.oldest('proven', 2, new Set()), ['b', 'c']);
  assert.deepEqual(index.oldest('proven', 2, new Set(['b'])), ['c', 'a']);
  assert.deepEqual(index.oldest('claim', 2, new Set()), ['x']);
  assert.deepEqual(index.oldest('proven', 0, new Set()), []);
  assert.deepEqual(index.oldest('proven', -1, new Set()), []);
});

it('takes kept devices in by the time at which they were seen', () => {
  const index = new DeviceIndex([
    row('a', { lastSeenMs: 5 }),
    row('b', { lastSeenMs: 1 }),
    row('c', { lastSeenMs: 3 }),
  ]);
  assert.deepEqual(index.oldest('proven', 3, new Set()), ['b', 'c', 'a']);
});

it('moves a claim that has proved itself', () => {
  const index = indexOf([row('a', { proven: false })]);
  assert.deepEqual([index.kindOf('a'), index.counts], ['claim', { proven: 0, claims: 1 }]);
  index.put(row('a'));
  assert.deepEqual([index.kindOf('a'), index.counts], ['proven', { proven: 1, claims: 0 }]);
  assert.equal(index.kindOf('b'), null);
});

it('finds what a plain search finds, after thousands have come, changed and gone', () => {
  const random = generator(11);
  const all = new Map<string, Indexed>();
  const index = new DeviceIndex();
  for (let step = 0; step < 8000; step += 1) {
    const device = `d${random(3000)}`;
    if (random(4) === 0) {
      all.delete(device);
      index.remove(device);
      continue;
    }
    const version = ['2.0.1', '2.0.10', '10.0', 'v3', ''][random(5)] ?? '';
    // Each at another time: of devices of the same time, none comes first.
    const one = row(device, { board: `b${random(9)}`, version, lastSeenMs: step, proven: random(3) > 0 });
    all.set(device, one);
    index.put(one);
    if (step % 500 > 0) continue;
    for (const sort of ['device', 'board', 'version', 'lastSeen'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        const query = { ...EVERY, sort, order, search: `${random(20)}`, offset: random(30), limit: 40 };
        assert.deepEqual(index.find(query), plainly([...all.values()], query), `${sort} ${order} at ${step}`);
      }
    }
  }
});

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 12) % below;
  };
}

function plainly(rows: Indexed[], query: DeviceQuery): { total: number; devices: string[] } {
  const { sort, search } = query;
  const found = rows.filter(({ device, board, version }) =>
    [device, board, version].some((text) => text.includes(search)),
  );
  const byName = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
  const compare = (a: Indexed, b: Indexed): number => {
    if (sort === 'lastSeen') return a.lastSeenMs - b.lastSeenMs;
    if (sort === 'device') return byName(a.device, b.device);
    const first = sort === 'board' ? byName(a.board, b.board) : byVersion(a.version, b.version);
    return first || byName(a.device, b.device);
  };
  found.sort(compare);
  if (query.order === 'desc') found.reverse();
  return {
    total: found.length,
    devices: found.slice(query.offset, query.offset + query.limit).map(({ device }) => device),
  };
}

/** None first, then versions as devices compare them, then what is none. */
function byVersion(a: string, b: string): number {
  const rank = (text: string): number => (text === '' ? 0 : isSafeVersion(text) ? 1 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return rank(a) === 1 ? compareVersions(a, b) : a < b ? -1 : a > b ? 1 : 0;
}
