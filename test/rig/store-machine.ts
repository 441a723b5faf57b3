// Owns what a machine has to do with the others, for tests, without a gate around it: its copy, its line to Redis, the way
// of its changes, its journal.
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { Journal } from '../../src/store/redis/journal.ts';
import { RedisLink } from '../../src/store/redis/redis-link.ts';
import { Replicator } from '../../src/store/redis/replicator.ts';
import { Sealing } from '../../src/store/redis/sealing.ts';
import { Replica, type StateRecord } from '../../src/store/replica.ts';
import { redisStoreOf } from './redis.ts';
import { stateFolder } from './state-folder.ts';

export type StoreMachine = {
  replica: Replica;
  link: RedisLink;
  journal: Journal;
  replicator: Replicator;
  /** Items of the journal, and records of others, as they came. */
  items: unknown[];
  records: StateRecord[];
  /** Names of log events. */
  told: string[];
  /** Ends in order, as an update ends it; another one can begin in the same folder. */
  end: () => Promise<void>;
};

/** Connected, and one with Redis. Looks only when it is told to, or nudged. Ends with the test. */
export async function storeMachine(
  t: Pick<TestContext, 'after'>,
  { port, name, folder = stateFolder(t) }: { port: number; name: string; folder?: string },
): Promise<StoreMachine> {
  const store = redisStoreOf({ port });
  const told: string[] = [];
  const log = pino({}, { write: (line: string) => void told.push(JSON.parse(line).event) });
  const [items, records]: [unknown[], StateRecord[]] = [[], []];
  const replica = new Replica(folder);
  const sealing = new Sealing(store.encryptionKey);
  const link = new RedisLink({
    store,
    log,
    onThere: () => void replicator.sync().then(() => journal.flush()),
    onNudge: () => void replicator.sync(),
  });
  const common = { link, sealing, replica, installation: store.name, log };
  const journal = new Journal({ ...common, onItems: (some) => void items.push(...some) });
  const replicator = new Replicator({
    ...common,
    machine: name,
    about: () => ({}),
    clock: { now: () => Date.now(), atLeast: () => {} },
    onRecords: (some) => void records.push(...some),
    journal,
  });
  t.after(() => link.stop());
  await link.start();
  await replicator.sync();
  const end = async (): Promise<void> => {
    await journal.flush();
    await replicator.stop();
    journal.keepPosition();
    link.stop();
    replica.close();
  };
  return { replica, link, journal, replicator, items, records, told, end };
}
