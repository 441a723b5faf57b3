// Who hears what gates saw: one that fails neither ends control nor takes anything from the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Log } from '../../src/base/log.ts';
import { gateEar, type Hearers } from '../../src/control/gate-ear.ts';
import { type SharedHearers, sharedEar } from '../../src/control/shared-ear.ts';
import { Watch } from '../../src/control/watch.ts';
import type { GateEvent } from '../../src/link/events.ts';

const EVENTS = ['first', 'second', 'third'].map((device) => ({ event: 'check', device }) as GateEvent);
const NAMES = EVENTS.map(nameOf);

function nameOf(event: GateEvent): string {
  return 'device' in event ? (event.device ?? '') : '';
}

function failsOnSecond(heard: string[]) {
  return (event: GateEvent): void => {
    heard.push(nameOf(event));
    if (nameOf(event) === 'second') throw new Error('database or disk is full');
  };
}

function toldIn(): { log: Log; told: Record<string, unknown>[] } {
  const told: Record<string, unknown>[] = [];
  return { told, log: pino({}, { write: (line: string) => void told.push(JSON.parse(line)) }) };
}

test('a batch of a gate is heard to its end, and the trouble is told once', () => {
  const { log, told } = toldIn();
  const heard: string[] = [];
  const ear = gateEar({
    log,
    tally: { add: () => {} },
    doctor: { isPlayed: () => false },
    see: failsOnSecond(heard),
    lookout: { onEvent: () => {} },
    rollouts: { observe: () => {} },
  } as unknown as Hearers);
  ear.onEvents(EVENTS, 0);
  ear.onEvents(EVENTS, 0);
  assert.deepEqual(heard, [...NAMES, ...NAMES]);
  assert.deepEqual(
    told.map(({ event, what, detail }) => [event, what, detail]),
    [['event-not-taken', 'check', 'database or disk is full']],
  );
});

test('what one of those who keep it cannot take, the other takes', () => {
  const { log, told } = toldIn();
  const [opened, kept]: [string[], string[]] = [[], []];
  const hearers = { openings: { observe: failsOnSecond(opened) }, history: { observe: failsOnSecond(kept) } };
  const ear = sharedEar(log, new Watch(), () => hearers as unknown as SharedHearers);
  for (const event of EVENTS) ear.onEvent(event, true);
  assert.deepEqual([opened, kept], [NAMES, NAMES]);
  assert.equal(told.length, 1);
});
