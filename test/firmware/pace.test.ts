// Downloads keep to their rates at any moment and share the total evenly; none is left without a byte for long.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pacer } from '../../src/firmware/pace.ts';
import {
  atMost,
  close,
  joinAll,
  keepsTotal,
  lateBy,
  PORTION_BYTES,
  SHORT_GAP_MS,
  Simulation,
} from './pace-simulation.ts';

const MIB = 1024 * 1024;

it('gives all that is wanted, and begins at once, where nothing is limited', () => {
  const pacer = new Pacer(() => 5);
  const lanes = Array.from({ length: 50 }, (_, index) => pacer.join(`${index}`));
  for (const lane of lanes) {
    assert.equal(lane.admission(), 0);
    assert.deepEqual(lane.take(50 * MIB), { bytes: 50 * MIB });
    assert.deepEqual(lane.take(1), { bytes: 1 });
  }
});

it('counts keys, not lanes, and forgets a key with its last lane', () => {
  const pacer = new Pacer(() => 5);
  const [first, again, other] = [pacer.join('a'), pacer.join('a'), pacer.join('b')];
  assert.equal(pacer.active, 2);
  first.leave();
  first.leave();
  assert.equal(pacer.active, 2);
  again.leave();
  assert.equal(pacer.active, 1);
  other.leave();
  assert.equal(pacer.active, 0);
});

it('paces a lane that has left no more, so that nobody waits in vain', () => {
  const pacer = new Pacer(() => 5);
  pacer.set({ device: 100, total: 100 });
  pacer.join('running');
  pacer.join('a');
  const lane = pacer.join('a');
  assert.ok(lane.admission() > 0);
  lane.leave();
  assert.equal(lane.admission(), 0);
  assert.deepEqual(lane.take(5_000), { bytes: 5_000 });
});

describe('the rate of a device', () => {
  for (const device of [1_000, 33_000, 64 * 1024, MIB, 1.5 * MIB]) {
    for (const lanes of [1, 8]) {
      it(`is ${device} B/s for ${lanes} range requests at a time, in bursts of 16 KiB or a quarter of a second`, () => {
        const simulation = new Simulation({ device, total: null }, lateBy(4));
        for (let lane = 0; lane < lanes; lane += 1) simulation.join('one device');
        simulation.run(30_000);
        close(simulation.sum(25_000), 25 * device, 0.02, 'the rate');
        const burst = Math.min(PORTION_BYTES, device / 4);
        atMost(simulation.most(0), burst + lanes, 'bytes at once');
        atMost(simulation.most(1_000), device + burst + lanes, 'bytes in a second');
        const bytes = simulation.lanes.map((lane) => lane.bytes);
        close(Math.min(...bytes), Math.max(...bytes), 0.1, 'the least of the lanes beside the most');
      });
    }
  }

  it('is exact at rates that no device takes, where timers are', () => {
    const simulation = new Simulation({ device: 20 * MIB, total: null });
    simulation.join('one device');
    simulation.run(3_000);
    close(simulation.sum(2_000), 40 * MIB, 0.02, 'the rate');
    atMost(simulation.most(0), PORTION_BYTES, 'bytes at once');
  });

  it('is kept when range requests come and go', () => {
    const simulation = new Simulation({ device: 20_000, total: null });
    simulation.join('one device');
    for (let request = 0; request < 2_000; request += 1) {
      const lane = simulation.join('one device');
      if (request % 10 === 0) simulation.run(5);
      lane.leave();
    }
    simulation.run(1_000);
    simulation.run(10_000);
    close(simulation.sum(10_000), 200_000, 0.02, 'the rate');
  });

  it('is each device’s own', () => {
    const simulation = new Simulation({ device: 50_000, total: null });
    joinAll(simulation, 20);
    simulation.run(20_000);
    for (const lane of simulation.lanes) close(lane.bytes, 1_000_000, 0.02, lane.key);
  });

  it('gives way to a byte in time where it is too small for one', () => {
    const simulation = new Simulation({ device: 1, total: null });
    for (let lane = 0; lane < 20; lane += 1) simulation.join('one device');
    simulation.run(60_000);
    atMost(simulation.longestGapMs(), SHORT_GAP_MS, 'ms without a byte');
    atMost(simulation.sum(60_000), 20 * 15 + 20, 'bytes'); // one for each in each 4 s, and none besides
  });
});

describe('the total', () => {
  it('costs one wait for a portion, and hardly a wait more', () => {
    for (const lateMs of [null, lateBy(5)]) {
      const simulation = new Simulation({ device: 100_000, total: 10_000_000 }, lateMs);
      joinAll(simulation, 300);
      simulation.run(10_000);
      atMost(simulation.waits, simulation.sent.length * 1.1, 'waits');
    }
  });

  for (const count of [1, 10, 200, 1_000]) {
    for (const total of [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]) {
      it(`of ${total} B/s is used whole and shared evenly by ${count} downloads`, () => {
        const simulation = new Simulation({ device: null, total }, lateBy(5));
        joinAll(simulation, count);
        simulation.run(8_000);
        const before = simulation.lanes.map((lane) => lane.bytes);
        simulation.run(12_000);
        keepsTotal(simulation, total);
        close(simulation.sum(12_000), 12 * total, 0.01, 'the rate');
        atMost(simulation.longestGapMs(), SHORT_GAP_MS, 'ms without a byte');
        const bytes = simulation.lanes.map((lane, index) => lane.bytes - (before[index] ?? 0));
        const spread = Math.max(...bytes) - Math.min(...bytes);
        // Some have had one turn more than others; where the timer counts more than the turn, a tenth of a second more.
        const turn = Math.min(PORTION_BYTES, (total * 2) / count) + 1;
        atMost(spread, Math.max(2 * turn, (12 * total * 0.15) / count), 'between the least and the most');
      });
    }
  }

  it('that some do not take is there for the others', () => {
    const simulation = new Simulation({ device: null, total: 1_000_000 });
    for (let index = 0; index < 10; index += 1) simulation.join(`slow ${index}`, { deviceTakes: 10_000 });
    for (let index = 0; index < 4; index += 1) simulation.join(`fast ${index}`);
    simulation.run(20_000);
    close(simulation.sum(15_000), 15_000_000, 0.01, 'the rate');
    for (const { key, bytes } of simulation.lanes.slice(0, 10)) assert.ok(bytes > 20 * 7_000, `${key}: ${bytes}`);
  });

  it('is shared by downloads, whatever their number of range requests', () => {
    for (const device of [null, 200_000]) {
      const simulation = new Simulation({ device, total: 400_000 });
      for (let lane = 0; lane < 16; lane += 1) simulation.join('many');
      for (let index = 0; index < 3; index += 1) simulation.join(`one ${index}`);
      simulation.run(30_000);
      const many = simulation.sum(20_000, ({ lane }) => lane.key === 'many') / 20;
      assert.ok(many > 85_000 && many < 102_000, `${many} B/s for the download with many requests`);
      atMost(simulation.longestGapMs(), SHORT_GAP_MS, 'ms without a byte');
    }
  });

  it('holds together with the rate of a device, whichever is less', () => {
    for (const [count, each] of [
      [4, 50_000],
      [40, 25_000],
    ] as const) {
      const simulation = new Simulation({ device: 50_000, total: 1_000_000 }, lateBy(5));
      joinAll(simulation, count);
      simulation.run(20_000);
      for (const { key } of simulation.lanes.slice(0, 4)) {
        close(
          simulation.sum(15_000, ({ lane }) => lane.key === key),
          15 * each,
          0.05,
          `${key} of ${count}`,
        );
      }
    }
  });

  it('gives way to a byte in time where it is too small for one each, and to no more', () => {
    const simulation = new Simulation({ device: null, total: 100 }, lateBy(5));
    joinAll(simulation, 1_000);
    simulation.run(30_000);
    atMost(simulation.longestGapMs(), SHORT_GAP_MS, 'ms without a byte');
    atMost(simulation.sum(20_000), 1_000 * 5 + 100, 'bytes'); // one for each in each 4 s, and hardly any besides
    // The debt does not outlive those who made it.
    for (const lane of simulation.lanes.slice(1)) lane.leave();
    simulation.run(5_000);
    simulation.run(10_000);
    close(simulation.sum(10_000), 1_000, 0.05, 'the rate of the one that is left');
  });
});
