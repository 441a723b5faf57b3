// What gates saw while Redis is gone: it waits up to a bound, what finds no place is counted and told, the rest arrives
// once and in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Journal } from '../../../src/store/redis/journal.ts';
import { keysOf } from '../../../src/store/redis/keys.ts';
import { RedisLink } from '../../../src/store/redis/redis-link.ts';
import { Sealing } from '../../../src/store/redis/sealing.ts';
import { Replica } from '../../../src/store/replica.ts';
import { peer } from '../../peer.ts';
import { redisFor, redisStoreOf } from '../../rig/redis.ts';
import { stateFolder } from '../../rig/state-folder.ts';

const { skip } = peer('redis');
const [BOUND, TOO_MANY] = [50_000, 7];

test('history past the bound of the queue is dropped, counted and told', { skip }, async (t) => {
  const store = redisStoreOf(await redisFor(t));
  const told: { event: string; dropped?: number }[] = [];
  const log = pino({}, { write: (line: string) => void told.push(JSON.parse(line)) });
  const link = new RedisLink({ store, log, onThere: () => {}, onNudge: () => {} });
  t.after(() => link.stop());
  const got: unknown[] = [];
  const common = { link, sealing: new Sealing(store.encryptionKey), installation: store.name, log };
  const journalIn = (replica: Replica): Journal =>
    new Journal({ ...common, replica, onItems: (items) => void got.push(...items) });
  const replica = new Replica(stateFolder(t));
  const [writer, reader] = [journalIn(replica), journalIn(replica)];

  for (let item = 0; item < BOUND + TOO_MANY; item += 1) writer.add(item);
  await writer.flush();
  assert.deepEqual([writer.waiting, writer.dropped], [BOUND, TOO_MANY]);
  await link.start();
  await writer.flush();
  assert.equal(writer.waiting, 0);
  writer.add(BOUND);
  await writer.flush();

  const entries = (await link.run(['XRANGE', keysOf(store.name).journal, '-', '+'])) as [Buffer, Buffer[]][];
  const read = entries.map(([id, flat]) => ({
    id: String(id),
    fields: new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), flat[at + 1] ?? name] as const] : []))),
  }));
  reader.take(read);
  reader.take(read);
  assert.deepEqual(
    got,
    Array.from({ length: BOUND + 1 }, (_, item) => item),
  );
  assert.equal(reader.lost, 0);
  assert.deepEqual(
    told.map(({ event, dropped }) => [event, dropped]),
    [
      ['journal-full', undefined],
      ['journal-dropped', TOO_MANY],
    ],
  );
});
