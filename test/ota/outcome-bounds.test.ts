// Whatever comes, in whatever order and number: the record of a device stays small and sound.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Observation } from '../../src/ota/device-record.ts';
import { observe } from '../../src/ota/outcome.ts';
import {
  begun,
  check,
  DEVICE,
  ended,
  LENGTH,
  moved,
  noImage,
  none,
  offer,
  tellAll,
  unread,
  withheld,
} from './observations.ts';
import { OFFERED } from './outcome-table.ts';

it('keeps few of many downloads at a time', () => {
  const many = Array.from({ length: 100 }, (_, at) => begun(3 + at, '2.0.1', { id: `d${at}` }));
  const { memory } = tellAll([OFFERED, ...many]).record;
  assert.equal(memory.attempt?.tries, 100);
  assert.equal(memory.attempt?.running.length, 8);
});

it('whatever comes, in whatever order, gives a small record, and proof is never lost', () => {
  const versions = [null, '2.0.0', '2.0.1', '2.0.2', 'v2..1', ''];
  let seed = 7;
  const pick = <T>(from: readonly T[]): T => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const one = from[(seed >>> 16) % from.length];
    if (one === undefined) throw new TypeError('nothing to pick');
    return one;
  };
  for (let run = 0; run < 300; run += 1) {
    let record = null;
    let proven = false;
    for (let step = 0; step < 60; step += 1) {
      const seconds = pick([-1e9, -100, 0, 1, 5, 60, 61, 1e5, 1e9]);
      const link = { id: pick(['a', 'b', 'c', `n${step}`]), sealed: pick([true, false]) };
      const version = pick(versions);
      const seen: Observation = pick([
        check(
          seconds,
          version,
          pick([
            none,
            unread,
            withheld('9', 'no'),
            offer(pick(['2.0.1', '2.0.2', '1', ''])),
            offer('2.0.0', { forced: true }),
          ]),
        ),
        begun(seconds, version, link),
        moved(seconds, version, pick([0, 5, LENGTH]), link),
        ended(seconds, version, pick([0, 5, LENGTH]), {
          ...link,
          from: pick([-1e9, 0, seconds]),
          offset: pick([0, 5]),
        }),
        noImage(seconds, version, 'FIRMWARE_MERGED', link),
      ]);
      const next = observe(record, DEVICE, seen);
      record = next.record;
      proven ||= seen.kind !== 'check' && link.sealed;
      assert.equal(record.proven, proven);
      assert.ok(record.failures >= 0);
      assert.ok(JSON.stringify(record).length < 3000, JSON.stringify(record));
      assert.ok(next.outcome === null || proven, 'no outcome counts without proof');
    }
  }
});
