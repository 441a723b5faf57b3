// Owns the form in which the courses of upgrades are tested: what is seen, and all that comes of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Check, DeviceRow, Observation } from '../../src/ota/device-record.ts';
import { begun, check, ended, LENGTH, offer, tellAll } from './observations.ts';

export type Case = [
  what: string,
  seen: Observation[],
  row: Partial<Pick<DeviceRow, 'state' | 'offered' | 'why' | 'failures' | 'proven' | 'version'>>,
  events: string[],
  outcomes: string[],
];

/** Tests of each case: what is seen, the row after it, the events in its history, and the outcomes that count. */
export function table(title: string, cases: Case[]): void {
  describe(title, () => {
    for (const [what, seen, row, events, outcomes] of cases) {
      it(what, () => {
        const told = tellAll(seen);
        const keys = Object.keys(row) as (keyof typeof row)[];
        assert.deepEqual(Object.fromEntries(keys.map((key) => [key, told.record[key]])), row);
        assert.deepEqual(
          told.entries.map(({ event }) => event),
          events,
        );
        assert.deepEqual(
          told.outcomes.map(({ result, version, because }) => [result, version, because].filter(Boolean).join(' ')),
          outcomes,
        );
      });
    }
  });
}

/** A device that runs 2.0.0 is offered 2.0.1. */
export const OFFERED = check(0, '2.0.0', offer('2.0.1'));

/** It takes all of it. */
export const WHOLE = [OFFERED, begun(3, '2.0.1'), ended(60, '2.0.1', LENGTH)];

/** It comes back with what it ran before, and is offered it again. */
export function again(seconds: number, more: Partial<Check> = {}): Check {
  return check(seconds, '2.0.0', offer('2.0.1'), more);
}
