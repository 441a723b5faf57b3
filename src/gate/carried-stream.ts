// Owns one connection of a stream: carried to a plain TCP server and back, each half ended where its other end ended it.
import { connect, type Socket } from 'node:net';
import { errorCode } from '../base/errors.ts';
import type { HostPort } from '../config/config.ts';
import { lookup } from '../upstream/lookup.ts';

/** Why a connection is over. */
export type StreamEnd =
  | 'client-ended'
  | 'server-ended'
  | 'client-broke-off'
  | 'server-broke-off'
  | 'idle'
  | 'server-unreachable'
  | 'stopping';

export type StreamOutcome = {
  because: StreamEnd;
  /** The server that took it, as `host:port`. */
  server: string | null;
  /** The system's word, where something failed. */
  reason: string | null;
  /** Bytes from the client, and to it. */
  received: number;
  sent: number;
};

export type StreamWay = {
  /** Tried in this order. */
  servers: readonly HostPort[];
  connectMs: number;
  /** Without a byte in either direction. */
  idleMs: number;
  /** What the server hears before the client's first byte. */
  preface: Buffer | null;
};

export type CarriedStream = {
  /** Grows with every byte in either direction. */
  bytes: () => number;
  end: (because: StreamEnd) => void;
  over: Promise<StreamOutcome>;
};

// For the last bytes to a side whose other side is gone.
const PARTING_MS = 5_000;
const PROBE_AFTER_MS = 60_000;

/** Carries a client's connection to the first server that takes it. `over` resolves when both sides are closed. */
export function carryStream(client: Socket, way: StreamWay): CarriedStream {
  let because: StreamEnd | null = null;
  let reason: string | null = null;
  let server: { socket: Socket; name: string } | null = null;
  const note = (end: StreamEnd, error?: unknown): void => {
    because ??= end;
    if (error !== undefined) reason ??= errorCode(error);
  };
  const end = (why: StreamEnd): void => {
    note(why);
    client.destroy();
    server?.socket.destroy();
  };
  client.on('error', (error) => note('client-broke-off', error));
  client.setTimeout(way.idleMs, () => end('idle'));
  const closed = whenClosed(client);
  const carry = async (): Promise<void> => {
    const found = await firstOf(way, client);
    if (found.socket === null) {
      if (client.destroyed) return;
      reason = found.reason;
      return end('server-unreachable');
    }
    server = { socket: found.socket, name: found.name };
    if (client.destroyed) return void found.socket.destroy();
    if (way.preface !== null) found.socket.write(way.preface);
    found.socket.on('error', (error) => note('server-broke-off', error));
    join(client, found.socket, note);
    await whenClosed(found.socket);
  };
  return {
    bytes: () => (server === null ? 0 : server.socket.bytesRead + server.socket.bytesWritten),
    end,
    over: Promise.all([closed, carry()]).then(() => ({
      because: because ?? 'client-broke-off',
      server: server?.name ?? null,
      reason,
      received: server === null ? 0 : Math.max(0, server.socket.bytesWritten - (way.preface?.length ?? 0)),
      sent: server?.socket.bytesRead ?? 0,
    })),
  };
}

/** Both ways at once, no faster than the slower side reads. The end of one half ends that half on the other side. */
function join(client: Socket, server: Socket, note: (end: StreamEnd) => void): void {
  client.once('end', () => note('client-ended'));
  server.once('end', () => note('server-ended'));
  client.pipe(server);
  server.pipe(client);
  const part = (gone: Socket, other: Socket, end: StreamEnd): void => {
    if (gone.readableEnded && gone.writableFinished) return; // both halves ended in good order: so they do over there
    note(end);
    other.end();
    setTimeout(() => other.destroy(), PARTING_MS).unref();
  };
  client.once('close', () => part(client, server, 'client-broke-off'));
  server.once('close', () => part(server, client, 'server-broke-off'));
}

type Found = { socket: Socket; name: string } | { socket: null; reason: string };

async function firstOf({ servers, connectMs }: StreamWay, client: Socket): Promise<Found> {
  let reason = 'no server';
  for (const { host, port } of servers) {
    if (client.destroyed) break;
    const tried = await tryConnect({ host, port }, connectMs, client);
    if (typeof tried !== 'string')
      return { socket: tried, name: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` };
    reason = tried;
  }
  return { socket: null, reason };
}

/** A connection, or the system's word for why there is none. */
function tryConnect(at: HostPort, withinMs: number, client: Socket): Promise<Socket | string> {
  return new Promise((resolve) => {
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS };
    const socket = connect({ ...at, lookup, allowHalfOpen: true, noDelay: true, ...keepAlive });
    const settle = (result: Socket | string): void => {
      clearTimeout(timer);
      client.off('close', onLeft);
      socket.off('error', onError).off('connect', onConnect);
      if (typeof result === 'string') socket.on('error', () => {}).destroy();
      resolve(result);
    };
    const onConnect = (): void => settle(socket);
    const onError = (error: Error): void =>
      settle(errorCode(error instanceof AggregateError ? error.errors[0] : error));
    const onLeft = (): void => settle('the client left');
    const timer = setTimeout(() => settle('ETIMEDOUT'), withinMs);
    client.once('close', onLeft);
    socket.once('error', onError).once('connect', onConnect);
  });
}

function whenClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
