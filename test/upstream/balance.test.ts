// Who of several servers is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Balance, type Choice } from '../../src/upstream/balance.ts';

const ORIGINS = ['http://a', 'http://b', 'http://c'];
const choice = (wish: Partial<Choice> = {}): Choice => ({
  origins: ORIGINS,
  balance: 'least-connections',
  sticky: null,
  tried: new Set(),
  nowMs: 0,
  ...wish,
});

test('whoever has the fewest requests; of equals the one asked longest ago', () => {
  const balance = new Balance();
  const chosen: (string | null)[] = [];
  const ends: (() => void)[] = [];
  for (let index = 0; index < 4; index += 1) {
    const origin = balance.choose(choice());
    chosen.push(origin);
    ends.push(balance.begin(origin ?? ''));
  }
  assert.deepEqual(chosen, ['http://a', 'http://b', 'http://c', 'http://a']);
  ends[1]?.();
  assert.equal(balance.choose(choice()), 'http://b');
  assert.equal(balance.choose(choice({ balance: 'first' })), 'http://a');
});

test('requests one after the other go round', () => {
  const balance = new Balance();
  const chosen = Array.from({ length: 5 }, () => {
    const origin = balance.choose(choice()) ?? '';
    balance.begin(origin)();
    return origin;
  });
  assert.deepEqual(chosen, ['http://a', 'http://b', 'http://c', 'http://a', 'http://b']);
});

test('one that failed is asked last, for a time that doubles to a minute; one that answers is asked again', () => {
  const balance = new Balance();
  let nowMs = 0;
  const pauses = Array.from({ length: 8 }, () => {
    balance.failed('http://a', nowMs);
    balance.failed('http://a', nowMs + 1); // at the same time: no second failure
    assert.equal(balance.choose(choice({ nowMs: nowMs + 1 })), 'http://b');
    const failedMs = nowMs;
    while (!balance.isWell('http://a', nowMs)) nowMs += 500;
    return nowMs - failedMs;
  });
  assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  balance.answered('http://a');
  balance.failed('http://a', nowMs);
  assert.equal(balance.isWell('http://a', nowMs + 2_000), true, 'from the beginning');
});

test('where none is well, they are asked all the same, each once', () => {
  const balance = new Balance();
  balance.setDown(ORIGINS);
  const tried = new Set<string>();
  for (let index = 0; index < 3; index += 1) tried.add(balance.choose(choice({ tried })) ?? '');
  assert.deepEqual([...tried], ORIGINS);
  assert.equal(balance.choose(choice({ tried })), null);
});

test('a server that a look found to be back begins anew', () => {
  const balance = new Balance();
  balance.failed('http://a', 0);
  balance.setDown(['http://a']);
  balance.setDown([]);
  assert.equal(balance.isWell('http://a', 1), true);
});

test('a device stays with its server, and moves only where that one is gone', () => {
  const balance = new Balance();
  const devices = Array.from({ length: 300 }, (_, index) => `02:00:00:00:00:${index}`);
  const at = (): (string | null)[] => devices.map((sticky) => balance.choose(choice({ sticky })));
  const before = at();
  for (const origin of ORIGINS) {
    const share = before.filter((each) => each === origin).length;
    assert.ok(share > 60 && share < 140, `${share} of 300 at ${origin}`);
  }
  for (let index = 0; index < 50; index += 1) balance.begin('http://a');
  assert.deepEqual(at(), before, 'however many requests run there');
  balance.setDown(['http://b']);
  const after = at();
  for (const [index, origin] of before.entries()) {
    if (origin === 'http://b') assert.notEqual(after[index], 'http://b');
    else assert.equal(after[index], origin);
  }
});
