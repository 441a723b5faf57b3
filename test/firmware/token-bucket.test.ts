// Turns follow one another, and what is spent bounds them all.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Flow, ROUND_MS, TokenBucket, type Turn } from '../../src/firmware/token-bucket.ts';

/** A turn of 10 bytes takes 10 ms. */
const flow: Flow = { bytesPerMs: 1, burstMs: 50, portionBytes: 10 };
const START_MS = 1_000;

function turn(): Turn {
  return { atMs: 0, forMs: 0 };
}

/** A bucket that nothing is left in, and a line of `count` turns from `START_MS` on. */
function lineOf(count: number): { bucket: TokenBucket; turns: Turn[]; moments: number[] } {
  const bucket = new TokenBucket();
  bucket.force(50, START_MS, flow);
  const turns = Array.from({ length: count }, turn);
  turns.push(turn());
  const moments = turns.map((one) => bucket.readyAt(one, 10, 100, START_MS, flow));
  const first = turns.shift();
  if (first !== undefined) bucket.use(first, 10, START_MS, flow);
  return { bucket, turns, moments: moments.slice(1) };
}

it('gives each asker the moment at which those before it are through, and keeps it to that', () => {
  const { bucket, turns, moments } = lineOf(3);
  assert.deepEqual(moments, [1_010, 1_020, 1_030]);
  for (const [index, one] of turns.entries()) {
    assert.equal(bucket.readyAt(one, 10, 100, 1_005, flow), moments[index]);
    const ownMs = moments[index] ?? 0;
    assert.equal(bucket.readyAt(one, 10, 100, ownMs, flow), ownMs);
    bucket.use(one, 10, ownMs, flow);
  }
});

it('gives what was not used for 50 ms at once, and nothing of a longer silence', () => {
  const bucket = new TokenBucket();
  const one = turn();
  let given = 0;
  while (bucket.readyAt(one, 10, 1, START_MS, flow) <= START_MS) {
    bucket.use(one, 10, START_MS, flow);
    given += 10;
  }
  assert.equal(given, 60); // the burst, and the portion that is due at this moment
});

it('takes no notice of less than a microsecond', () => {
  const { bucket, turns } = lineOf(1);
  assert.equal(bucket.readyAt(turns[0] ?? turn(), 10, 100, 1_009.9995, flow), 1_009.9995);
});

it('makes the line shorter by a turn that is given back, and by none whose time is over', () => {
  const { bucket, turns } = lineOf(4);
  const [late = turn(), second = turn(), , last = turn()] = turns;
  bucket.giveBack(second, 1_005);
  assert.equal(bucket.readyAt(turn(), 10, 100, 1_005, flow), 1_040);
  bucket.giveBack(late, 1_015);
  assert.equal(bucket.readyAt(turn(), 10, 100, 1_015, flow), 1_050);
  bucket.giveBack(last, 1_015);
  bucket.giveBack(last, 1_015);
  assert.equal(bucket.readyAt(turn(), 10, 100, 1_015, flow), 1_050);
});

it('lets those wait on who find the bucket empty at their turn, and sends to the end who come very late', () => {
  const { bucket, turns } = lineOf(3);
  const [first = turn(), second = turn()] = turns;
  bucket.force(70, 1_010, flow);
  assert.equal(bucket.readyAt(first, 10, 100, 1_010, flow), 1_080);
  assert.equal(bucket.readyAt(first, 10, 100, 1_060, flow), 1_080);
  const againMs = bucket.readyAt(first, 10, 100, 1_061, flow);
  assert.ok(againMs > 1_080, `${againMs}`);
  assert.ok(bucket.readyAt(second, 10, 100, 1_079, flow) > againMs);
});

it('does not let one take at once what is left for those who are late, nor makes it wait for all of them', () => {
  const { bucket } = lineOf(20);
  assert.equal(bucket.readyAt(turn(), 10, 100, 60_000, flow), 60_000);
  const { bucket: other, turns } = lineOf(20);
  other.use(turns[0] ?? turn(), 10, 60_000, flow);
  assert.equal(other.readyAt(turn(), 10, 100, 60_000, flow), 60_010);
});

it('is never owed more than a round, nor has a line that is longer, where the rate is too small for all', () => {
  const bucket = new TokenBucket();
  const slow = { ...flow, bytesPerMs: 0.001 };
  for (let index = 0; index < 10; index += 1) bucket.force(1, START_MS, slow);
  assert.equal(bucket.readyAt(turn(), 1, 100, START_MS, slow), START_MS + ROUND_MS);
  const turns = Array.from({ length: 100 }, turn);
  const moments = turns.map((one) => bucket.readyAt(one, 1, 100, START_MS, slow));
  assert.ok(Math.max(...moments) <= START_MS + 2 * ROUND_MS, `${Math.max(...moments)}`);
});
