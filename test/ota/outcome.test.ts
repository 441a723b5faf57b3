// What becomes of upgrades that go well, and what is told of each.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Observation } from '../../src/ota/device-record.ts';
import { MAX_ENTRIES_A_DAY } from '../../src/ota/outcome.ts';
import { begun, check, ended, LENGTH, none, offer, tellAll, unread, withheld } from './observations.ts';
import { again, OFFERED, table, WHOLE } from './outcome-table.ts';

table('a check alone', [
  [
    'without an offer: up to date',
    [check(0, '2.0.0')],
    { state: 'up-to-date', why: null, proven: false },
    ['no-offer'],
    [],
  ],
  [
    'again, the same: nothing new is written',
    [check(0, '2.0.0'), check(9, '2.0.0')],
    { state: 'up-to-date' },
    ['no-offer'],
    [],
  ],
  ['with an offer', [OFFERED], { state: 'offered', offered: '2.0.1', failures: 0, proven: false }, ['offered'], []],
  [
    'withheld, and why',
    [
      check(0, '2.0.0', withheld('v2.1', 'no device can parse it')),
      check(9, '2.0.0', withheld('v2.1', 'no device can parse it')),
    ],
    { state: 'withheld', offered: null, why: 'v2.1: no device can parse it' },
    ['withheld'],
    [],
  ],
  [
    'withheld for another reason than before',
    [check(0, '2.0.0', withheld('2.1', 'busy')), check(9, '2.0.0', withheld('2.1', 'held by the operator'))],
    { state: 'withheld', why: '2.1: held by the operator' },
    ['withheld', 'withheld'],
    [],
  ],
  [
    'with a reply that nobody could read',
    [check(0, '2.0.0', unread)],
    { state: 'seen', why: 'the reply could not be read' },
    ['reply-unread'],
    [],
  ],
  [
    'with an offer that is not newer: no device takes it, so it cannot fail',
    [check(0, '2.0.1', offer('2.0.1')), check(9, '2.0.1', offer('2.0.1')), check(20, '2.0.1', offer('1.9'))],
    { state: 'up-to-date', failures: 0, offered: '1.9', why: '1.9 is offered, and is not newer: no device takes it' },
    ['not-newer', 'not-newer'],
    [],
  ],
  [
    'with an older version by force: it is taken',
    [check(0, '2.0.1', offer('1.9', { forced: true }))],
    { state: 'offered' },
    ['offered'],
    [],
  ],
  [
    'with an offer to one whose version is none',
    [check(0, 'v2.0', offer('2.0.1'))],
    { state: 'offered', failures: 0 },
    ['offered'],
    [],
  ],
  [
    'with an offer of the very version that is none',
    [check(0, 'v2.0', offer('v2.0'))],
    { state: 'up-to-date' },
    ['not-newer'],
    [],
  ],
  ['with no version of its own', [check(0, null, offer('2.0.1'))], { state: 'offered', version: '' }, ['offered'], []],
]);

table('an upgrade that goes well', [
  [
    'begun',
    [OFFERED, begun(3, '2.0.1')],
    { state: 'downloading', proven: true, offered: '2.0.1' },
    ['offered', 'download-begun'],
    [],
  ],
  [
    'complete: the next check will tell',
    WHOLE,
    { state: 'rebooting' },
    ['offered', 'download-begun', 'download-ended'],
    [],
  ],
  [
    'told by the next check',
    [...WHOLE, check(80, '2.0.1')],
    { state: 'upgraded', version: '2.0.1', offered: null, failures: 0 },
    ['offered', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'and after one more check it is up to date, which is no news',
    [...WHOLE, check(80, '2.0.1'), check(500, '2.0.1')],
    { state: 'up-to-date' },
    ['offered', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'where the gate told only of the end',
    [OFFERED, ended(60, '2.0.1', LENGTH, { from: 3 }), check(80, '2.0.1')],
    { state: 'upgraded', proven: true },
    ['offered', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'in ranges',
    [
      OFFERED,
      ended(4, '2.0.1', 2_000_000, { id: 'a', complete: true, from: 3 }),
      ended(6, '2.0.1', 1_000_000, { id: 'b', offset: 2_000_000, from: 5 }),
    ],
    { state: 'rebooting' },
    ['offered', 'download-ended', 'download-ended'],
    [],
  ],
  [
    'but not with a hole between the ranges',
    [
      OFFERED,
      ended(4, '2.0.1', 1_000_000, { id: 'a', complete: true, from: 3 }),
      ended(6, '2.0.1', 1_000_000, { id: 'b', offset: 2_000_000, from: 5 }),
    ],
    { state: 'offered' },
    ['offered', 'download-ended', 'download-ended'],
    [],
  ],
  [
    'straight into the next one',
    [...WHOLE, check(80, '2.0.1', offer('2.0.2'))],
    { state: 'offered', offered: '2.0.2', failures: 0 },
    ['offered', 'download-begun', 'download-ended', 'upgraded', 'offered'],
    ['upgraded 2.0.1'],
  ],
  [
    'after failures: these are over',
    [OFFERED, check(20, '2.0.0', offer('2.0.1')), begun(23, '2.0.1'), ended(60, '2.0.1', LENGTH), check(80, '2.0.1')],
    { state: 'upgraded', failures: 0 },
    ['offered', 'failed', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 2.0.1'],
  ],
  [
    'backwards, by force',
    [check(0, '2.0.1', offer('1.9', { forced: true })), begun(3, '1.9'), ended(60, '1.9', LENGTH), check(80, '1.9')],
    { state: 'upgraded', version: '1.9' },
    ['offered', 'download-begun', 'download-ended', 'upgraded'],
    ['upgraded 1.9'],
  ],
  [
    'by another way than our link: it does not count',
    [OFFERED, check(80, '2.0.1')],
    { state: 'upgraded', proven: false },
    ['offered', 'upgraded'],
    [],
  ],
]);

it('tells how long an upgrade took, from the beginning of its download', () => {
  const { entries } = tellAll([...WHOLE, check(80, '2.0.1')]);
  assert.deepEqual(entries.at(-1)?.detail, { from: '2.0.0', to: '2.0.1', seconds: 77, tries: 1, proven: true });
});

it('tells no time that no upgrade can have taken', () => {
  for (const seconds of [-10_000, 3 * 86_400]) {
    const { entries } = tellAll([...WHOLE, check(seconds, '2.0.1')]);
    assert.equal(entries.at(-1)?.event, 'upgraded');
    assert.equal(entries.at(-1)?.detail.seconds, null);
  }
});

it('counts an outcome for the client whose check told it, and for the board that the link was made for', () => {
  const { outcomes } = tellAll([...WHOLE, check(80, '2.0.1', none, { client: '198.51.100.7', board: 'another' })]);
  assert.deepEqual(
    outcomes.map(({ client, board }) => [client, board]),
    [['198.51.100.7', 'bread-compact']],
  );
});

it('notes that a device calls itself another board', () => {
  const { entries, record } = tellAll([check(0, '2.0.0'), check(9, '2.0.0', none, { board: 'other' })]);
  assert.deepEqual(entries.at(-1)?.detail, { from: 'bread-compact', to: 'other' });
  assert.equal(record.board, 'other');
});

it('writes no more than so many entries a day, says so, and goes on the next day', () => {
  const loop = (from: number): Observation[] => Array.from({ length: 500 }, (_, at) => again(from + at));
  const first = tellAll([OFFERED, ...loop(1)]);
  assert.equal(first.entries.length, MAX_ENTRIES_A_DAY);
  assert.equal(first.entries.at(-1)?.event, 'quiet');
  assert.equal(first.record.failures, 500);
  const both = tellAll([OFFERED, ...loop(1), ...loop(86_400)]);
  assert.equal(both.entries.length, 2 * MAX_ENTRIES_A_DAY);
});
