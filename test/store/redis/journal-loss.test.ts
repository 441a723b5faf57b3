// A Redis that goes back or is emptied: what was seen comes to every machine once, whatever is told or read again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { keysOf } from '../../../src/store/redis/keys.ts';
import { Replica } from '../../../src/store/replica.ts';
import { peer } from '../../peer.ts';
import { until } from '../../rig/bounded.ts';
import { type RedisRig, redisFor } from '../../rig/redis.ts';
import { stateFolder } from '../../rig/state-folder.ts';
import { type StoreMachine, storeMachine } from '../../rig/store-machine.ts';

const { skip } = peer('redis');
const { meta, records, changes } = keysOf('otagate');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Each in a batch of its own. */
async function write({ journal }: StoreMachine, items: readonly unknown[]): Promise<void> {
  for (const item of items) {
    journal.add(item);
    await journal.flush();
  }
}

// In one step: a machine that looks in between would go back twice.
const GO_BACK = `redis.call('HINCRBY', KEYS[1], 'seq', -1)
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[3], ARGV[1])`;

/** As a server that takes over, and had not got the last change yet. */
async function goBack(redis: RedisRig, lastRecord: string): Promise<void> {
  await redis.command('EVAL', GO_BACK, '3', meta, records, changes, lastRecord);
}

async function emptied(redis: RedisRig): Promise<void> {
  await redis.command('FLUSHALL');
  for (const type of ['normal', 'pubsub']) await redis.command('CLIENT', 'KILL', 'TYPE', type);
}

test('a machine that began anew takes nothing twice where Redis goes back', { skip }, async (t) => {
  await t.test('it knows the numbers of each run', (t) => goesBack(t, true));
  await t.test('it knows no more than how far it had read', (t) => goesBack(t, false));
});

async function goesBack(t: TestContext, knowing: boolean): Promise<void> {
  const redis = await redisFor(t);
  const folder = stateFolder(t);
  const begin = (): Promise<StoreMachine> => storeMachine(t, { port: redis.port, name: 'one', folder });
  const other = await storeMachine(t, { port: redis.port, name: 'two' });
  const first = await begin();
  await write(first, [0, 1]);
  await write(other, [2, 3]);
  await first.replicator.sync();
  assert.deepEqual(first.items, [0, 1, 2, 3]);
  await first.end();
  if (!knowing) {
    const replica = new Replica(folder);
    replica.setNote('read', JSON.stringify({ passed: '0-0', runs: [] }));
    replica.close();
  }
  const second = await begin();
  second.replicator.put('name/a', 1);
  await second.replicator.sync();
  second.replicator.put('name/b', 1);
  await second.replicator.sync();
  await write(second, [4]);
  await goBack(redis, 'name/b');
  await second.replicator.sync();
  await write(other, [5]);
  await second.replicator.sync();
  assert.equal(second.replicator.rebuilt, 1);
  assert.deepEqual(second.items, [4, 5]);
  assert.equal(second.journal.lost, 0);
}

test('what an emptied Redis lost is told again before what waited, and comes once', { skip }, async (t) => {
  const redis = await redisFor(t);
  const folder = stateFolder(t);
  const [one, two] = [
    await storeMachine(t, { port: redis.port, name: 'one' }),
    await storeMachine(t, { port: redis.port, name: 'two' }),
  ];
  const third = await storeMachine(t, { port: redis.port, name: 'three', folder });
  await write(one, numbers(10));
  for (const { replicator } of [two, third]) await replicator.sync();
  await third.end();
  const again = await storeMachine(t, { port: redis.port, name: 'three', folder });
  await write(one, numbers(20).slice(10));
  await emptied(redis);
  one.journal.add(20);
  for (const machine of [one, two, again]) {
    await until('Redis', () => machine.link.there);
    await machine.replicator.sync();
  }
  await until('all of them', async () => {
    for (const { replicator } of [one, two, again]) await replicator.sync();
    return two.items.length >= 21 && again.items.length >= 11;
  });
  assert.deepEqual(two.items, numbers(21));
  assert.deepEqual(again.items, numbers(21).slice(10));
  assert.deepEqual([two.journal.lost, again.journal.lost], [0, 0]);
});

test('what is told before its writer knows of the loss takes nothing from the rest', { skip }, async (t) => {
  const redis = await redisFor(t);
  const [one, two] = [
    await storeMachine(t, { port: redis.port, name: 'one' }),
    await storeMachine(t, { port: redis.port, name: 'two' }),
  ];
  await write(one, numbers(5));
  await two.replicator.sync();
  await write(one, [5, 6, 7]);
  await redis.command('FLUSHALL');
  await write(one, [8]);
  await two.replicator.sync();
  await until('the gap', () => two.journal.lost === 3);
  await one.replicator.sync();
  await until('all of them', async () => {
    await two.replicator.sync();
    return two.items.length >= 9;
  });
  assert.deepEqual(two.items, [...numbers(5), 8, 5, 6, 7]);
  assert.equal(two.journal.lost, 0);
});
