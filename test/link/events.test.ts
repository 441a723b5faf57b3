// Events travel in batches, one at a time, in order; past the bound they are counted, not kept.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type EventBatch, EventQueue, type GateEvent } from '../../src/link/events.ts';

const event = (atMs: number): GateEvent => ({ event: 'handshake-failed', atMs, reason: 'none' });
const times = ({ events }: EventBatch): number[] => events.map(({ atMs }) => atMs);

/** A control that takes a batch only when it is told to. */
function slowControl() {
  const batches: EventBatch[] = [];
  const taken: ((error?: Error) => void)[] = [];
  const send = (batch: EventBatch): Promise<void> => {
    batches.push(batch);
    return new Promise((resolve, reject) => taken.push((error) => (error ? reject(error) : resolve())));
  };
  return { batches, send, take: (error?: Error) => taken.shift()?.(error) };
}

it('sends what came within the pace as one batch, in order', async () => {
  const { batches, send } = slowControl();
  const queue = new EventQueue(send, 10, 5);
  for (const atMs of [1, 2, 3]) queue.add(event(atMs));
  assert.equal(batches.length, 0);
  await wait(20);
  assert.deepEqual(batches.map(times), [[1, 2, 3]]);
  assert.equal(batches[0]?.dropped, 0);
});

it('sends nothing where there is nothing', async () => {
  const { batches, send } = slowControl();
  await new EventQueue(send, 10, 5).drain();
  await wait(10);
  assert.deepEqual(batches, []);
});

it('lets the next batch wait while one is on its way', async () => {
  const { batches, send, take } = slowControl();
  const queue = new EventQueue(send, 10, 5);
  queue.add(event(1));
  await wait(15);
  queue.add(event(2));
  queue.add(event(3));
  await wait(30);
  assert.deepEqual(batches.map(times), [[1]]);
  take();
  await wait(20);
  assert.deepEqual(batches.map(times), [[1], [2, 3]]);
});

it('keeps no more than its capacity, drops the newest, and says how many', async () => {
  const { batches, send, take } = slowControl();
  const queue = new EventQueue(send, 3, 5);
  for (let atMs = 1; atMs <= 10; atMs += 1) queue.add(event(atMs));
  await wait(15);
  assert.deepEqual(batches.map(times), [[1, 2, 3]]);
  assert.equal(batches[0]?.dropped, 7);
  for (let atMs = 11; atMs <= 15; atMs += 1) queue.add(event(atMs));
  take();
  await wait(15);
  assert.deepEqual([batches.map(times)[1], batches[1]?.dropped], [[11, 12, 13], 2]);
  take();
  queue.add(event(16));
  await wait(15);
  assert.deepEqual([batches.map(times)[2], batches[2]?.dropped], [[16], 0]);
});

it('goes on after a batch that could not be sent', async () => {
  const { batches, send, take } = slowControl();
  const queue = new EventQueue(send, 10, 5);
  queue.add(event(1));
  await wait(15);
  take(new Error('control is gone'));
  queue.add(event(2));
  await wait(20);
  assert.deepEqual(batches.map(times), [[1], [2]]);
});

it('goes on after a send that throws', async () => {
  let calls = 0;
  const queue = new EventQueue(() => {
    calls += 1;
    throw new Error('channel closed');
  }, 10);
  queue.add(event(1));
  await queue.drain();
  queue.add(event(2));
  await queue.drain();
  assert.equal(calls, 2);
});

it('drains at once, and is done when the batch was taken', async () => {
  const { batches, send, take } = slowControl();
  const queue = new EventQueue(send, 10, 60_000);
  queue.add(event(1));
  let drained = false;
  const draining = queue.drain().then(() => {
    drained = true;
  });
  await wait(5);
  assert.deepEqual(batches.map(times), [[1]]);
  assert.equal(drained, false);
  take();
  await draining;
});

it('drains what came behind a batch that is still on its way', async () => {
  const { batches, send, take } = slowControl();
  const queue = new EventQueue(send, 10, 5);
  queue.add(event(1));
  await wait(15);
  queue.add(event(2));
  const draining = queue.drain();
  take();
  await wait(5);
  assert.deepEqual(batches.map(times), [[1], [2]]);
  take();
  await draining;
});
