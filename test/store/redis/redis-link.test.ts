// The line to Redis where it is refused or stalls half-way: nothing of a try that failed stays open, and none hangs.
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { pino } from 'pino';
import { RedisLink } from '../../../src/store/redis/redis-link.ts';
import { peer } from '../../peer.ts';
import { until, within } from '../../rig/bounded.ts';
import { redisFor, redisStoreOf } from '../../rig/redis.ts';

const { skip } = peer('redis');
const TRIES = 4;

test('a user who may not subscribe costs one connection, and the log says what its ACL lacks', { skip }, async (t) => {
  const redis = await redisFor(t);
  await redis.command('ACL', 'SETUSER', 'gate', 'on', '>word', '~*', '+@all', 'resetchannels');
  const told: string[] = [];
  const log = pino({}, { write: (line: string) => void told.push(JSON.parse(line).msg) });
  const store = { ...redisStoreOf(redis), username: 'gate', password: 'word' };
  const link = new RedisLink({ store, log, onThere: () => {}, onNudge: () => {} });
  t.after(() => link.stop());
  const connections = async (): Promise<number> =>
    (await redis.command('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('user=gate')).length;
  const refused = async (): Promise<number> => {
    const stats = await redis.command('INFO', 'commandstats');
    return Number(/cmdstat_subscribe:.*rejected_calls=(\d+)/.exec(stats)?.[1]);
  };

  await link.start();
  assert.match(told[0] ?? '', /its ACL lacks &otagate:\{otagate\}:changed/);
  await until('some more tries', async () => (await refused()) >= TRIES);
  assert.ok((await connections()) <= 1, `${await connections()} connections after ${await refused()} tries`);
  await redis.command('ACL', 'SETUSER', 'gate', '&otagate:{otagate}:*');
  await until('Redis', () => link.there);
  link.stop();
  await until('the end of its connection', async () => (await connections()) === 0);
});

test('a Redis that stalls before it subscribes holds up no start', { skip }, async (t) => {
  const redis = await redisFor(t);
  const sockets = new Set<Socket>();
  const line = createServer((near) => {
    const far = connect(redis.port, '127.0.0.1');
    sockets.add(near);
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    near.on('close', () => {
      sockets.delete(near);
      far.destroy();
    });
    near.on('data', (bytes) => {
      if (!/subscribe/i.test(String(bytes))) far.write(bytes);
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    line.close();
  });
  const address = line.address();
  const store = redisStoreOf({ port: typeof address === 'object' && address !== null ? address.port : 0 });
  const link = new RedisLink({ store, log: pino({ level: 'silent' }), onThere: () => {}, onNudge: () => {} });
  t.after(() => link.stop());
  await within('the first try', link.start(), 10_000);
  assert.match(link.trouble ?? '', /no answer within/);
  link.stop();
  await until('the end of its connections', () => sockets.size === 0);
});
