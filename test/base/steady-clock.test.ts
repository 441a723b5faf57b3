// The clock for deadlines: never back, never slower than real time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteadyClock } from '../../src/base/steady-clock.ts';

const HOUR = 3_600_000;

function clocks() {
  const machine = { wall: 1_000_000_000_000, monotonic: 5_000 };
  const pass = (ms: number): void => {
    machine.wall += ms;
    machine.monotonic += ms;
  };
  const clock = new SteadyClock(
    () => machine.wall,
    () => machine.monotonic,
  );
  return { machine, pass, clock };
}

test('it is the wall clock, where that behaves', () => {
  const { machine, pass, clock } = clocks();
  pass(1234);
  assert.equal(clock.now(), machine.wall);
  assert.equal(clock.behindMs, 0);
});

test('a wall clock that is set back leaves it running on', () => {
  const { machine, pass, clock } = clocks();
  const before = clock.now();
  machine.wall -= 2 * HOUR;
  assert.equal(clock.now(), before);
  pass(10_000);
  assert.equal(clock.now(), before + 10_000);
  assert.equal(clock.behindMs, 2 * HOUR);
});

test('one that is set forward takes it along, and back again it stays there', () => {
  const { machine, pass, clock } = clocks();
  const before = clock.now();
  machine.wall += 2 * HOUR;
  assert.equal(clock.now(), before + 2 * HOUR);
  machine.wall -= 2 * HOUR;
  pass(1_000);
  assert.equal(clock.now(), before + 2 * HOUR + 1_000);
});

test('a moment that somebody else has seen is not undone', () => {
  const { pass, clock } = clocks();
  const before = clock.now();
  clock.atLeast(before + HOUR);
  pass(5);
  assert.equal(clock.now(), before + HOUR + 5);
  clock.atLeast(before);
  assert.equal(clock.now(), before + HOUR + 5);
});
