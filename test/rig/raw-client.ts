// Owns a client of bytes: sends exactly what it is given, and reads what comes back, over TCP or TLS.
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { within } from './bounded.ts';
import { type Head, readHead, takeChunks, valuesOf } from './http-text.ts';

export type RawReply = {
  status: number;
  head: Head;
  /** The value of a header that came once; undefined where it did not come, or twice. */
  header: (name: string) => string | undefined;
  body: Buffer;
  text: string;
  /** Whether the body came to its announced end. */
  whole: boolean;
  /** The statuses of interim replies that came before. */
  interim: number[];
};

export type RawClient = {
  socket: Socket;
  /** A string is sent as Latin-1. */
  send: (bytes: string | Buffer) => void;
  /** All that came and was not taken as a reply yet. */
  pending: () => Buffer;
  /** The next reply; null where the connection is over before a head has come. */
  reply: (options?: { bodiless?: boolean; withinMs?: number }) => Promise<RawReply | null>;
  /** Resolves when so many bytes have come that were not taken as a reply. */
  come: (bytes: number, withinMs?: number) => Promise<Buffer>;
  over: () => 'ended' | 'reset' | null;
  /** Resolves when the connection is over. */
  ended: (withinMs?: number) => Promise<'ended' | 'reset'>;
  leave: () => void;
  /** Ends its own side only. */
  finish: () => void;
  reset: () => void;
};

export type DialOptions = {
  port: number;
  /** 127.0.0.2 is LAN in the rig's networks, every other address outside. */
  from?: string;
  host?: string;
  /** The root to trust; TLS where it is given. */
  ca?: string;
  servername?: string;
};

/** Connects, and resolves when the connection (and its TLS) stands. */
export async function dial(options: DialOptions): Promise<RawClient> {
  const bare = connect({
    host: options.host ?? '127.0.0.1',
    port: options.port,
    localAddress: options.from ?? '127.0.0.1',
  });
  const { ca, servername = 'ota.test' } = options;
  const socket = ca === undefined ? bare : connectSecurely({ socket: bare, ca, servername });
  const client = clientOf(socket, bare);
  await new Promise<void>((resolve, reject) => {
    socket.once(ca === undefined ? 'connect' : 'secureConnect', () => resolve());
    socket.once('error', reject);
    bare.once('error', reject);
  });
  return client;
}

/** Sends, reads one reply, leaves. */
export async function ask(
  options: DialOptions,
  bytes: string | Buffer,
  reading: { bodiless?: boolean; withinMs?: number } = {},
): Promise<RawReply | null> {
  const client = await dial(options);
  client.send(bytes);
  try {
    return await client.reply(reading);
  } finally {
    client.leave();
  }
}

/** The `code` of a problem's JSON, or what the reply was instead. */
export function codeOf(reply: RawReply | null): string {
  if (reply === null) return 'no reply';
  if (reply.header('content-type') !== 'application/problem+json') return `${reply.status}, no problem`;
  return String((JSON.parse(reply.text) as { code?: unknown }).code);
}

/** `bare` is the TCP socket below TLS: only that one can be reset. */
export function clientOf(socket: Socket, bare: Socket = socket): RawClient {
  let buffer = Buffer.alloc(0);
  let over: 'ended' | 'reset' | null = null;
  const looking = new Set<() => void>();
  const end = (how: 'ended' | 'reset'): void => {
    over ??= how;
    for (const look of looking) look();
  };
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (const look of looking) look();
  });
  socket.on('end', () => end('ended'));
  socket.on('error', () => end('reset'));
  socket.on('close', () => end('ended'));
  /** Looks now and whenever something has come, until there is an answer. */
  const watch = <T>(what: string, look: () => T | null, withinMs: number): Promise<T> => {
    let again = (): void => {};
    const found = new Promise<T>((resolve, reject) => {
      again = () => {
        try {
          const answer = look();
          if (answer !== null) resolve(answer);
        } catch (error) {
          reject(error);
        }
      };
      looking.add(again);
      again();
    });
    return within(what, found, withinMs).finally(() => looking.delete(again));
  };
  const reply: RawClient['reply'] = async ({ bodiless = false, withinMs = 15_000 } = {}) => {
    const interim: number[] = [];
    const look = (): RawReply | 'none' | null => {
      for (;;) {
        const found = takeReply(buffer, over !== null, bodiless);
        if (found === null) return over === null ? null : 'none';
        buffer = buffer.subarray(found.used);
        if (found.reply.status >= 200 || found.reply.status === 101) return { ...found.reply, interim };
        interim.push(found.reply.status);
      }
    };
    const taken = await watch('a whole reply', look, withinMs);
    return taken === 'none' ? null : taken;
  };
  return {
    socket,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    pending: () => buffer,
    come: (bytes, withinMs = 15_000) =>
      watch(`${bytes} bytes`, () => (buffer.length >= bytes ? buffer : null), withinMs),
    reply,
    over: () => over,
    ended: (withinMs = 15_000) => watch('the end of the connection', () => over, withinMs),
    leave: () => void socket.destroy(),
    reset: () => {
      bare.resetAndDestroy();
      socket.destroy();
    },
    finish: () => void socket.end(),
  };
}

function takeReply(bytes: Buffer, over: boolean, bodiless: boolean): { reply: RawReply; used: number } | null {
  const found = readHead(bytes);
  if (found === null) return null;
  const { head, used } = found;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head.start)?.[1] ?? 0);
  if (status === 0) throw new Error(`not a status line: ${JSON.stringify(head.start)}`);
  const build = (body: Buffer, whole: boolean): { reply: RawReply; used: number } => {
    const one = (name: string): string | undefined => {
      const values = valuesOf(head, name);
      return values.length === 1 ? values[0] : undefined;
    };
    const reply = { status, head, header: one, body, text: body.toString(), whole, interim: [] };
    return { reply, used: used + body.length };
  };
  if (bodiless || status < 200 || status === 204 || status === 304) return build(Buffer.alloc(0), true);
  if (valuesOf(head, 'transfer-encoding').length > 0) {
    const chunked = takeChunks(bytes.subarray(used));
    if (chunked === null) return over ? build(bytes.subarray(used), false) : null;
    const built = build(chunked.body, true);
    return { ...built, used: used + chunked.used };
  }
  const length = valuesOf(head, 'content-length')[0];
  if (length === undefined) return over ? build(bytes.subarray(used), true) : null;
  if (bytes.length >= used + Number(length)) return build(bytes.subarray(used, used + Number(length)), true);
  return over ? build(bytes.subarray(used), false) : null;
}
