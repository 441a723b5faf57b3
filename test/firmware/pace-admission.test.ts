// Where the total is small, a few downloads at a time get more, and the others wait for their first byte, but not for long.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FED_WITHIN_MS, Pacer } from '../../src/firmware/pace.ts';
import { close, joinAll, Simulation } from './pace-simulation.ts';

const total = 100 * 1024; // four places at 24 KiB/s each

it('lets as many begin as can go at a useful rate; the others wait, but not for long, and then all share', () => {
  const simulation = new Simulation({ device: null, total });
  joinAll(simulation, 10);
  simulation.run(FED_WITHIN_MS - 100);
  const begun = simulation.lanes.filter((lane) => lane.begunMs !== null);
  assert.deepEqual(
    begun.map((lane) => lane.key),
    ['device 0', 'device 1', 'device 2', 'device 3'],
  );
  close(simulation.sum(3_000), 3 * total, 0.02, 'what the few get');
  assert.equal(simulation.pacer.active, 10);
  simulation.run(100);
  for (const lane of simulation.lanes.slice(4)) {
    assert.equal(Math.round((lane.begunMs ?? 0) - lane.joinedMs), FED_WITHIN_MS, lane.key);
    assert.equal(lane.sentMs[0], lane.begunMs, 'the first byte does not wait any more');
  }
  simulation.run(20_000);
  for (const { key } of simulation.lanes) {
    close(
      simulation.sum(10_000, ({ lane }) => lane.key === key),
      total,
      0.1,
      key,
    );
  }
});

it('gives a place that is free to who came first', () => {
  const simulation = new Simulation({ device: null, total });
  const names = ['w', 'x', 'y', 'z', 'first', 'gone', 'second', 'third'];
  const [w, x, , , first, gone, second, third] = names.map((name) => {
    simulation.run(10);
    return simulation.join(name);
  });
  simulation.run(500);
  gone?.leave();
  w?.leave();
  simulation.run(300);
  assert.ok(first?.begunMs !== null);
  assert.equal(second?.begunMs, null);
  x?.leave();
  simulation.run(300);
  assert.ok(second?.begunMs !== null);
  assert.equal(third?.begunMs, null);
  assert.equal(gone?.begunMs, null);
});

it('is one for all range requests of a download', () => {
  let nowMs = 5;
  const pacer = new Pacer(() => nowMs);
  pacer.set({ device: null, total });
  const running = ['a', 'b', 'c', 'd'].map((key) => pacer.join(key));
  assert.deepEqual(
    running.map((lane) => lane.admission()),
    [0, 0, 0, 0],
  );
  assert.equal(pacer.join('a').admission(), 0);
  const waiting = [pacer.join('e')];
  nowMs += FED_WITHIN_MS - 1_000;
  waiting.push(pacer.join('e'));
  nowMs += 999;
  for (const lane of waiting) assert.equal(lane.admission(), 1);
  nowMs += 1;
  for (const lane of waiting) assert.equal(lane.admission(), 0);
});

it('is taken for given by who sends without asking', () => {
  const simulation = new Simulation({ device: null, total: 50_000 });
  const [first, , waiting] = ['first', 'second', 'waiting'].map((key) => simulation.join(key));
  simulation.pacer.join('unasked').take(1);
  first?.leave();
  simulation.run(1_000);
  assert.equal(waiting?.begunMs, null);
});

it('is not waited for where a device takes less than the useful rate anyway', () => {
  const simulation = new Simulation({ device: 10_000, total: 100_000 });
  joinAll(simulation, 10);
  assert.ok(simulation.lanes.every((lane) => lane.begunMs !== null));
});

it('goes on at once when the total grows or falls away', () => {
  for (const total of [400 * 1024, null]) {
    const simulation = new Simulation({ device: null, total: 10_000 });
    joinAll(simulation, 12);
    simulation.run(1_000);
    assert.equal(simulation.lanes.filter((lane) => lane.begunMs !== null).length, 1);
    simulation.pacer.set({ device: 50_000, total });
    simulation.run(200);
    assert.equal(simulation.lanes.filter((lane) => lane.begunMs !== null).length, 12);
  }
});
