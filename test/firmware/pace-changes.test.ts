// Rates that change, downloads that come and go, clocks and timers that misbehave: the rates hold, and nobody starves.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FED_WITHIN_MS, Pacer } from '../../src/firmware/pace.ts';
import { seeded } from '../policy/random.ts';
import {
  atMost,
  BURST_S,
  close,
  joinAll,
  keepsTotal,
  lateBy,
  PORTION_BYTES,
  SHORT_GAP_MS,
  Simulation,
} from './pace-simulation.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

it('a new rate is in force at once, and leaves no lane behind', () => {
  for (const count of [3, 1_000]) {
    const simulation = new Simulation({ device: null, total: 100_000_000 }, lateBy(5));
    joinAll(simulation, count);
    simulation.run(5_000);
    for (const total of [10_000, 1_000_000, 20_000, 50_000_000, 30, 300_000]) {
      simulation.sent.length = 0;
      simulation.pacer.set({ device: null, total });
      simulation.run(3_000);
      keepsTotal(simulation, total, 2 * count); // one byte at least for each
      simulation.run(5_000);
      if (total < count) continue; // the byte in time wins
      close(simulation.sum(5_000), 5 * total, 0.02, `${count} downloads at ${total} B/s`);
    }
    atMost(simulation.longestGapMs(), SHORT_GAP_MS, 'ms without a byte');
  }
});

it('a new rate for devices, or none, is in force at once', () => {
  const simulation = new Simulation({ device: 10_000, total: null });
  const { lanes } = simulation;
  joinAll(simulation, 2);
  for (const device of [100_000, 5_000, MIB]) {
    simulation.run(1_000);
    simulation.pacer.set({ device, total: null });
    simulation.run(4_000);
    for (const lane of lanes) close(simulation.sum(3_000, (sent) => sent.lane === lane) / 3, device, 0.03, lane.key);
  }
  simulation.pacer.set({ device: null, total: 200_000 });
  simulation.run(10_000);
  close(simulation.sum(5_000), 1_000_000, 0.03, 'the total');
});

for (const count of [1, 20, 1_000]) {
  it(`an hour in which the process stood still is not made up for, with ${count} downloads`, () => {
    for (const rates of [
      { device: null, total: 500_000 },
      { device: 30_000, total: null },
      { device: 30_000, total: 500_000 },
    ]) {
      const simulation = new Simulation(rates, lateBy(3));
      joinAll(simulation, count);
      simulation.run(10_000);
      simulation.freeze(HOUR_MS);
      const frozenUntilMs = simulation.nowMs;
      simulation.run(10_000);
      const since = (most: number) => simulation.most(most, ({ atMs }) => atMs >= frozenUntilMs);
      if (rates.total !== null) {
        atMost(since(0), rates.total * BURST_S + PORTION_BYTES + count, 'bytes at once');
        atMost(since(5_000), rates.total * (5 + BURST_S) + PORTION_BYTES + count, 'bytes in five seconds');
        if (rates.device === null) close(simulation.sum(5_000), 5 * rates.total, 0.02, 'the rate');
      }
      if (rates.device !== null) {
        const one = simulation.lanes[0];
        const ofOne = simulation.most(0, ({ lane, atMs }) => lane === one && atMs >= frozenUntilMs);
        atMost(ofOne, rates.device / 4, 'bytes of a device at once');
      }
      const hungry = simulation.lanes.map(({ sentMs }) => sentMs.filter((atMs) => atMs >= frozenUntilMs));
      const gaps = hungry.flatMap((sent) => [frozenUntilMs, ...sent].map((atMs, at) => (sent[at] ?? atMs) - atMs));
      atMost(Math.max(...gaps), SHORT_GAP_MS, 'ms without a byte since');
    }
  });
}

it('after a standstill none takes the burst alone, and no crowd comes back for every portion', () => {
  const simulation = new Simulation({ device: null, total: 10_000_000 }, lateBy(3));
  joinAll(simulation, 400);
  simulation.run(8_000);
  simulation.freeze(2_000);
  const frozenUntilMs = simulation.nowMs;
  simulation.waits = 0;
  simulation.run(500);
  atMost(simulation.waits, 400 * 4, 'waits');
  close(simulation.sum(400), 4_000_000, 0.1, 'the total, again');
  for (const one of simulation.lanes) {
    const bytes = simulation.most(0, ({ lane, atMs }) => lane === one && atMs === frozenUntilMs);
    atMost(bytes, 2 * PORTION_BYTES, `bytes at once for ${one.key}`);
  }
});

it('a rate of 0 is a slow one', () => {
  const simulation = new Simulation({ device: 0, total: 0 });
  joinAll(simulation, 3);
  simulation.run(20_000);
  atMost(simulation.sum(20_000), 20 + 3, 'bytes');
  atMost(simulation.longestGapMs(), SHORT_GAP_MS, 'ms without a byte');
});

it('what those who leave had been promised goes to those who stay, at once and evenly', () => {
  const simulation = new Simulation({ device: null, total: 1_000_000 }, lateBy(3));
  joinAll(simulation, 1_000);
  simulation.run(10_000);
  const stay = simulation.lanes.filter((_, index) => index % 10 === 0);
  for (const lane of simulation.lanes) if (!stay.includes(lane)) lane.leave();
  simulation.run(3_000);
  close(simulation.sum(3_000), 3_000_000, 0.1, 'the total');
  simulation.run(10_000);
  for (const one of stay) {
    close(
      simulation.sum(10_000, ({ lane }) => lane === one),
      100_000,
      0.2,
      one.key,
    );
  }
  atMost(simulation.longestPauseMs(), SHORT_GAP_MS, 'ms between two bytes');
});

it('clients that come, are told to wait and go keep nobody waiting', () => {
  const simulation = new Simulation({ device: null, total: 1_000_000 }, lateBy(3));
  joinAll(simulation, 3);
  let stolenBytes = 0;
  for (let round = 0; round < 1_000; round += 1) {
    for (let client = 0; client < 20; client += 1) {
      const lane = simulation.pacer.join(`client ${client}`);
      const taken = lane.take(1_000_000);
      if ('bytes' in taken) stolenBytes += taken.bytes;
      lane.leave();
    }
    simulation.run(10);
  }
  close(simulation.sum(10_000) + stolenBytes, 10_000_000, 0.02, 'the total');
  for (const { key, bytes } of simulation.lanes) assert.ok(bytes > 3_000_000, `${key}: ${bytes}`);
});

it('a clock that stands still gives one burst and no more', () => {
  const pacer = new Pacer(() => 5);
  pacer.set({ device: 40_000, total: 100_000 });
  const lanes = ['a', 'a', 'b', 'c', 'd'].map((key) => pacer.join(key));
  let bytes = 0;
  for (let round = 0; round < 1_000; round += 1) {
    for (const lane of lanes) {
      const taken = lane.take(1_000_000);
      if ('bytes' in taken) bytes += taken.bytes;
      else assert.ok(taken.waitMs > 0 && taken.waitMs <= FED_WITHIN_MS);
    }
  }
  atMost(bytes, 100_000 * BURST_S + PORTION_BYTES, 'bytes');
  assert.ok(bytes > 0);
});

it('timers that are always late by more than a burst slow downloads down, and starve none', () => {
  const simulation = new Simulation({ device: null, total: 1_000_000 }, lateBy(300));
  joinAll(simulation, 100);
  simulation.run(30_000);
  keepsTotal(simulation, 1_000_000);
  assert.ok(simulation.sum(20_000) > 20 * 500_000, `${simulation.sum(20_000)} bytes in 20 s`);
  atMost(simulation.longestGapMs(), FED_WITHIN_MS + 600, 'ms without a byte');
  const bytes = simulation.lanes.map((lane) => lane.bytes);
  assert.ok(Math.min(...bytes) > Math.max(...bytes) / 4, `from ${Math.min(...bytes)} to ${Math.max(...bytes)} bytes`);
});

for (const [seed, rates] of [
  { device: null, total: 60_000 },
  { device: 20_000, total: 300_000 },
  { device: 200_000, total: 5_000_000 },
  { device: 1_000, total: null },
].entries()) {
  it(`downloads that come and go keep to ${rates.device ?? 'no rate'} each and ${rates.total ?? 'no rate'} in total`, () => {
    const random = seeded(seed);
    const simulation = new Simulation(rates, lateBy(8, seed));
    const untilMs = simulation.nowMs + 60_000;
    const change = (): void => {
      if (simulation.nowMs >= untilMs) return;
      const some = random.below(60);
      for (let step = 0; step < some; step += 1) {
        if (random.chance(0.6) && simulation.pacer.active < 1_000) {
          const deviceTakes = random.pick([Infinity, 33_000, 300_000]);
          simulation.join(`device ${random.below(2_000)}`, { totalBytes: 1 + random.below(400_000), deviceTakes });
        } else if (simulation.lanes.length > 0) random.pick(simulation.lanes).leave();
      }
      simulation.after(random.below(1_000), change);
    };
    change();
    simulation.run(60_000);
    if (rates.total !== null) {
      keepsTotal(simulation, rates.total);
      assert.ok(simulation.sum(40_000) > 40 * rates.total * 0.85, `${simulation.sum(40_000)} bytes in 40 s`);
    }
    // A lane asks when its device has taken what it was given: 16 KiB at 33,000 B/s are half a second.
    atMost(simulation.longestGapMs(), SHORT_GAP_MS + 500, 'ms without a byte');
    for (const lane of simulation.lanes) lane.leave();
    assert.equal(simulation.pacer.active, 0);
    const last = simulation.join('the last one');
    simulation.run(8_000);
    const rate = Math.min(rates.device ?? Infinity, rates.total ?? Infinity);
    close(
      simulation.sum(5_000, ({ lane }) => lane === last),
      5 * rate,
      0.03,
      'the rate of one that comes later',
    );
  });
}
