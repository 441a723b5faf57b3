// What was seen of a device comes to the same row, in whatever order it arrives within two seconds, and however the
// sequence is cut into batches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Observations } from '../../src/control/history-batch.ts';
import type { DeviceRecord, Observation } from '../../src/ota/device-record.ts';
import { begun, check, DEVICE, ended, LENGTH, none, offer, unread } from '../ota/observations.ts';

const upgraded = [
  check(0, '1.0.0', offer('2.0.0')),
  begun(0.4, '2.0.0'),
  ended(1, '2.0.0', LENGTH, { from: 0.4 }),
  check(1.6, '2.0.0', none),
];
const CASES: Record<string, Observation[]> = {
  'two checks on two machines, from two addresses': [
    check(0, '1.0.0', offer('2.0.0'), { client: '192.0.2.1', scheme: 'https' }),
    check(0.7, '1.0.0', none, { client: '192.0.2.2', scheme: 'http' }),
    check(1.2, '1.0.1', unread, { client: '192.0.2.3' }),
  ],
  'checks of one millisecond': [
    check(0, '1.0.0', none, { client: '192.0.2.1' }),
    check(0, '1.0.0', offer('2.0.0'), { client: '192.0.2.2' }),
    check(0, '1.1.0', none, { client: '192.0.2.3' }),
  ],
  'an offer, a download and a boot': upgraded,
  'an offer that failed, and another one': [
    check(0, '1.0.0', offer('2.0.0')),
    begun(0.2, '2.0.0'),
    ended(0.9, '2.0.0', LENGTH / 2, { from: 0.2 }),
    check(1.3, '1.0.0', offer('2.0.0')),
    begun(1.5, '2.0.0', { id: 'd2' }),
  ],
};

type Result = { record: DeviceRecord | null; entries: string[]; outcomes: number };

/** Applies them in batches of this size. */
function apply(all: readonly Observation[], size: number): Result {
  const observations = new Observations();
  const result: Result = { record: null, entries: [], outcomes: 0 };
  for (let at = 0; at < all.length; at += size) {
    const batch = all.slice(at, at + size).map((seen) => ({ device: DEVICE, seen, own: true }));
    for (const change of observations.changesOf({ read: () => result.record }, batch)) {
      result.record = change.record;
      result.entries.push(...change.entries.map(({ event }) => event));
      result.outcomes += change.outcomes.length;
    }
  }
  return result;
}

function* orders<T>(all: readonly T[]): Generator<T[]> {
  if (all.length < 2) yield [...all];
  for (const [at, one] of all.entries())
    for (const rest of orders([...all.slice(0, at), ...all.slice(at + 1)])) yield [one, ...rest];
}

for (const [name, seen] of Object.entries(CASES)) {
  test(name, () => {
    const right = apply(seen, seen.length);
    for (const order of orders(seen)) {
      const whole = apply(order, order.length);
      assert.deepEqual(whole, right, 'in one batch: the row, the history and the outcomes');
      for (const size of [1, 2, 3]) {
        const { record, outcomes } = apply(order, size);
        // How many entries were written today counts only what ends the day.
        assert.deepEqual(record, right.record, `${size} at a time`);
        assert.ok(outcomes >= right.outcomes);
      }
    }
  });
}

test('an upgrade is told once, however its news arrive', () => {
  for (const order of orders(upgraded)) {
    const told = apply(order, 1);
    assert.ok(told.entries.includes('upgraded'), told.entries.join());
    assert.equal(told.outcomes, 1, told.entries.join());
  }
});

test('a clock that was set back by more: the order of arrival counts, however it is cut', () => {
  const seen = [check(7200, '1.0.0'), check(7201, '1.0.1'), check(0, '1.0.2'), check(1, '1.0.3'), check(0.5, '1.0.9')];
  for (const size of [1, 2, 3, 5]) assert.equal(apply(seen, size).record?.version, '1.0.3');
});
