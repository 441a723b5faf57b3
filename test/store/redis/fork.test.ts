// A machine that was left beside a Redis which lost its charge: what it told there reaches the others all the same, what
// they told meanwhile reaches it, and it does not ask for ever.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { ForkWatch } from '../../../src/store/redis/fork.ts';
import { RedisLink } from '../../../src/store/redis/redis-link.ts';
import { Replicator } from '../../../src/store/redis/replicator.ts';
import { Sealing } from '../../../src/store/redis/sealing.ts';
import { Replica } from '../../../src/store/replica.ts';
import { peer } from '../../peer.ts';
import { until } from '../../rig/bounded.ts';
import { type RedisRig, redisFor, redisStoreOf } from '../../rig/redis.ts';
import { freshFolder } from '../fresh-folder.ts';

const { skip } = peer('redis');
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 11, 1);

/** A way to a Redis that can be made to lead to another one. */
async function wayTo(t: TestContext, redis: RedisRig) {
  let { port } = redis;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onwards = connect(port, '127.0.0.1');
    for (const one of [socket, onwards]) sockets.add(one.on('error', () => {}));
    socket.pipe(onwards).pipe(socket);
    socket.on('close', () => onwards.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  t.after(() => {
    server.close();
    cut();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    lead: (to: RedisRig): void => {
      port = to.port;
      cut();
    },
  };
}

async function machine(t: TestContext, name: string, redis: RedisRig) {
  const way = await wayTo(t, redis);
  const store = redisStoreOf(way);
  const log = pino({ level: 'silent' });
  const replica = new Replica(freshFolder());
  const sync = (): void => void replicator.sync();
  const link = new RedisLink({ store, log, onThere: sync, onNudge: sync });
  const replicator: Replicator = new Replicator({
    link,
    sealing: new Sealing(store.encryptionKey),
    replica,
    installation: 'otagate',
    log,
    machine: name,
    about: () => ({}),
    clock: { now: Date.now, atLeast: () => {} },
    onRecords: () => {},
    journal: { position: () => '0-0', take: () => {}, onLost: () => {} },
  });
  await link.start();
  await replicator.sync();
  replicator.start();
  t.after(async () => {
    await replicator.stop();
    link.stop();
    replica.close();
  });
  const known = (record: string): unknown => replica.read(record)?.value;
  const put = async (record: string, value: unknown): Promise<void> => {
    replicator.put(record, value);
    await until(`${record} told by ${name}`, () => replica.counts().untold === 0);
  };
  return { link, replicator, way, known, put };
}

test('what was told to a Redis that lost its charge', { skip }, async (t) => {
  const [old, next] = [await redisFor(t), await redisFor(t)];
  const [one, two] = [await machine(t, 'one', old), await machine(t, 'two', old)];
  await one.put('opening/x', { id: 'x' });
  await until('the opening on the other machine', () => two.known('opening/x') !== undefined);
  // The next one has all of it. Then the network is cut: one machine goes on with it, the other beside the old one.
  await next.command('REPLICAOF', '127.0.0.1', String(old.port));
  const linked = async (): Promise<boolean> =>
    (await next.command('INFO', 'replication')).includes('master_link_status:up');
  await until('a replica', linked);
  await until('all of it', async () => (await next.command('EXISTS', 'otagate:{otagate}:records')) === '1');
  await next.command('REPLICAOF', 'NO', 'ONE');
  one.way.lead(next);
  await until('the next Redis', () => one.link.there);

  await two.put('opening/x', null);
  await two.put('closed/x', { untilMs: 1 });
  for (const nth of [1, 2, 3, 4]) await one.put(`name/${nth}`, { checkedMs: nth });

  two.way.lead(next);
  await until('the closing on the other machine', () => one.known('opening/x') === null);
  await until('its mark, too', () => one.known('closed/x') !== undefined);
  for (const nth of [1, 2, 3, 4])
    await until(`name/${nth} on the machine that was cut off`, () => two.known(`name/${nth}`) !== undefined);

  await two.put('name/1', { checkedMs: 99 });
  await until('a later change', () => JSON.stringify(one.known('name/1')) === '{"checkedMs":99}');
  await sleep(500);
  const before = two.link.commands;
  await sleep(1_000);
  assert.ok(two.link.commands - before < 20, `${two.link.commands - before} questions in a second`);
});

test('a change that is refused, with nothing new to hear: twice, and all is compared', () => {
  const watch = watchOf({ seq: '7', last: 'opening/a' }, true);
  const pulled = { lastSeq: 7, nowMs: NOW };
  watch.told(0, false);
  assert.equal(watch.isForked(pulled, 7), false);
  watch.told(0, false);
  assert.equal(watch.isForked(pulled, 7), true);
  assert.equal(watch.isForked(pulled, 7), false, 'once');
  watch.told(0, false);
  watch.told(0, true);
  watch.told(0, false);
  watch.told(1, false);
  assert.equal(watch.isForked(pulled, 7), false);
});

const CASES: [what: string, lastSeq: number | null, lives: boolean, awayMs: number, forked: boolean][] = [
  ['the last change is there', 7, true, 1_000, false],
  ['its record was changed since', 9, true, 1_000, false],
  ['its record is older there', 4, true, 1_000, true],
  ['its record is not there', null, true, 1_000, true],
  ['it was a removal, which is forgotten by now', null, false, 1_000, false],
  ['its record is not there, and this machine was away for a week', null, true, 7 * DAY_MS, false],
];
for (const [what, lastSeq, lives, awayMs, forked] of CASES)
  test(`${what}: ${forked ? 'another Redis' : 'the same'}`, () => {
    const watch = watchOf({ seq: '7', last: 'opening/a', heard: String(NOW - awayMs) }, lives);
    assert.equal(watch.isForked({ lastSeq, nowMs: NOW }, 7), forked);
  });

test('a machine that has seen nothing yet', () => {
  assert.equal(watchOf({}, true).isForked({ lastSeq: null, nowMs: NOW }, 0), false);
});

/** Over notes in memory; `lives`: the record of the last change has a value. */
function watchOf(notes: Record<string, string>, lives: boolean): ForkWatch {
  const kept = new Map(Object.entries(notes));
  return new ForkWatch({
    note: (name) => kept.get(name) ?? null,
    setNote: (name, value) => void kept.set(name, value),
    read: (name) => ({ name, value: lives ? {} : null, version: 1, untold: 0 }),
  });
}
