// Owns the Redis library: one connection to the server in charge, found by itself or by its sentinels.
import { readFileSync } from 'node:fs';
import { createClient, createSentinel, RESP_TYPES } from '@redis/client';
import type { RedisStore } from '../../config/store.ts';

export type Argument = string | Buffer;

export type Connection = {
  /** Texts of the reply are buffers. Rejects with the server's own error, or where the connection ends. */
  send: (args: Argument[]) => Promise<unknown>;
  subscribe: (channel: string, onMessage: () => void) => Promise<unknown>;
  destroy: () => void;
};

const CONNECT_MS = 2_000;
const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** Connects. `onLost` hears at most once of the end of a connection that was there. @throws {Error} of the server or the system */
export async function connect(store: RedisStore, onLost: (error: unknown) => void): Promise<Connection> {
  const tls = store.tls
    ? { tls: true as const, ...(store.caFile === null ? {} : { ca: readFileSync(store.caFile) }) }
    : {};
  const credentials = {
    ...(store.username === null ? {} : { username: store.username }),
    ...(store.password === null ? {} : { password: store.password }),
  };
  // Who comes again and when is decided one level above, where it is told, too.
  const socket = { connectTimeout: CONNECT_MS, reconnectStrategy: false as const, ...tls };
  let lost = false;
  const end = (error: unknown): void => {
    if (!lost) onLost(error);
    lost = true;
  };
  if (store.sentinels.length > 0) {
    const sentinel = createSentinel({
      name: store.server.host,
      sentinelRootNodes: store.sentinels,
      nodeClientOptions: { ...credentials, database: store.database, socket, disableOfflineQueue: true },
      sentinelClientOptions: {
        socket,
        ...(store.sentinelPassword === null ? {} : { password: store.sentinelPassword }),
      },
      commandOptions: { typeMapping },
      passthroughClientErrorEvents: true,
      masterPoolSize: 1,
      maxCommandRediscovers: 1,
      RESP: 3,
    });
    sentinel.on('error', end);
    await within(sentinel.connect(), () => sentinel.destroy());
    return {
      send: (args) => sentinel.sendCommand(false, args),
      subscribe: (channel, onMessage) => sentinel.subscribe(channel, onMessage),
      destroy: () => destroy(() => sentinel.destroy()),
    };
  }
  const { host, port } = store.server;
  const client = createClient({
    ...credentials,
    database: store.database,
    socket: { host, port, ...socket },
    disableOfflineQueue: true,
    commandOptions: { typeMapping },
    maintNotifications: 'disabled',
    RESP: 3,
  });
  client.on('error', end);
  client.on('end', () => end(new Error('the connection ended')));
  await within(client.connect(), () => client.destroy());
  return {
    send: (args) => client.sendCommand(args),
    subscribe: (channel, onMessage) => client.subscribe(channel, onMessage),
    destroy: () => destroy(() => client.destroy()),
  };
}

/** A server that stands still takes connections and says nothing. */
async function within(connecting: Promise<unknown>, giveUp: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CONNECT_MS} ms`)), CONNECT_MS);
  });
  try {
    await Promise.race([connecting, late]);
  } catch (error) {
    connecting.catch(() => {});
    destroy(giveUp);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The library throws where there is nothing to end any more. */
function destroy(work: () => void): void {
  try {
    work();
  } catch {
    // it has ended
  }
}
