// When a gate counts as one that hangs: after asks that were made and waited for in time, and never for a word too few.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatePulse } from '../../src/control/gate-pulse.ts';

const EVERY = 5_000;

function rig() {
  const pulse = new GatePulse(EVERY);
  const told: string[] = [];
  const gate = { ask: () => void told.push('asked'), onSilent: () => void told.push('silent') };
  pulse.add(gate);
  let nowMs = 0;
  const look = (...afterMs: number[]): string[] => {
    told.length = 0;
    for (const ms of afterMs) {
      nowMs += ms;
      pulse.look(nowMs);
    }
    return [...told];
  };
  return { pulse, gate, look };
}

test('a gate that says nothing for 15 s is asked once more, and then given up', () => {
  const { look } = rig();
  assert.deepEqual(look(EVERY, EVERY, EVERY, EVERY), ['asked', 'asked', 'asked', 'asked']);
  assert.deepEqual(look(EVERY), ['silent']);
  assert.deepEqual(look(EVERY, EVERY), [], 'it is not asked any more, and told once');
});

test('one word, however late, and it is counted from the beginning', () => {
  const { pulse, gate, look } = rig();
  look(EVERY, EVERY, EVERY, EVERY);
  pulse.heard(gate);
  assert.deepEqual(look(EVERY, EVERY, EVERY, EVERY), ['asked', 'asked', 'asked', 'asked']);
  assert.deepEqual(look(EVERY), ['silent']);
});

test('time in which control itself did not run counts against nobody', () => {
  const { look } = rig();
  look(EVERY, EVERY, EVERY, EVERY);
  const hour = 3_600_000;
  assert.deepEqual(look(hour), ['asked'], 'it is asked again, and has its time to answer');
  assert.deepEqual(look(hour, 7_000, hour), ['asked', 'asked', 'asked']);
  assert.deepEqual(look(EVERY), ['silent']);
});

test('a gate that is gone is neither asked nor given up; one that came later is', () => {
  const { pulse, gate, look } = rig();
  look(EVERY, EVERY, EVERY, EVERY);
  pulse.remove(gate);
  pulse.heard(gate);
  assert.deepEqual(look(EVERY), []);
  pulse.add(gate);
  pulse.add(gate);
  assert.deepEqual(look(EVERY, EVERY, EVERY, EVERY, EVERY), ['asked', 'asked', 'asked', 'asked', 'silent']);
});
