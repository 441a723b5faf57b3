// Owns a client that speaks HTTP/2 to a gate, and one that speaks its frames by hand.
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { within } from './bounded.ts';

export type Http2Reply = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** The code of the reset that ended the stream; 0 where it ended by itself. */
  reset: number;
};

export type Http2Way = { port: number; ca: string; from?: string; servername?: string };

/** An open connection to the gate, by name. */
export async function openHttp2(way: Http2Way): Promise<ClientHttp2Session> {
  const session = connect(`https://ota.test:${way.port}`, { createConnection: () => tlsSocket(way, ['h2']) });
  session.on('error', () => {});
  await within('an HTTP/2 connection', once(session, 'connect'), 10_000);
  return session;
}

export function tlsSocket(way: Http2Way, protocols: string[], more: ConnectionOptions = {}): TLSSocket {
  const { port, ca, from = '127.0.0.9', servername = 'ota.test' } = way;
  const at = { host: '127.0.0.1', port, localAddress: from, ca, ALPNProtocols: protocols };
  return connectTls({ ...at, ...(servername === '' ? {} : { servername }), ...more });
}

/** One request, to its end: a reset or a lost connection ends it, too. */
export async function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Reply> {
  const stream = session.request({ ':authority': 'ota.test', ...headers }, { endStream: body === undefined });
  const reply: Http2Reply = { status: 0, headers: {}, body: Buffer.alloc(0), reset: 0 };
  stream.on('response', (head) => {
    reply.status = Number(head[':status']);
    reply.headers = { ...head };
  });
  stream.on('error', () => {});
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (body !== undefined) stream.end(body);
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  await within('the end of a stream', closed, 15_000);
  return { ...reply, body: Buffer.concat(chunks), reset: stream.rstCode ?? 0 };
}

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, window: 8, continuation: 9 };

/** A frame of RFC 9113 section 4.1. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Fields as HPACK literals without indexing and without Huffman coding (RFC 7541 section 6.2.2). */
export function hpack(fields: readonly [name: string, value: string][]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    const length = [127];
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([...length, rest]), bytes]);
  };
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])));
}

export type FrameClient = {
  socket: TLSSocket;
  send: (...frames: Buffer[]) => void;
  frames: { type: number; flags: number; stream: number; payload: Buffer }[];
  /** Resolves with the first frame, from now or before, that fits. */
  frame: (fits: (frame: FrameClient['frames'][number]) => boolean) => Promise<FrameClient['frames'][number]>;
  ended: () => Promise<unknown>;
};

/** A connection on which frames are written by hand; its preface and SETTINGS are sent already. */
export async function openFrames(way: Http2Way): Promise<FrameClient> {
  const socket = tlsSocket(way, ['h2']);
  await within('a TLS handshake', once(socket, 'secureConnect'), 10_000);
  const frames: FrameClient['frames'] = [];
  let bytes = Buffer.alloc(0);
  let over = false;
  const looking = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const length = bytes.length < 9 ? -1 : bytes.readUIntBE(0, 3);
      if (length < 0 || bytes.length < 9 + length) break;
      const stream = bytes.readUInt32BE(5) & 0x7fffffff;
      frames.push({ type: bytes[3] ?? 0, flags: bytes[4] ?? 0, stream, payload: bytes.subarray(9, 9 + length) });
      bytes = bytes.subarray(9 + length);
    }
    for (const look of looking) look();
  });
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      over = true;
      resolve();
      for (const look of looking) look();
    });
  });
  const send = (...all: Buffer[]): void => void socket.write(Buffer.concat(all));
  send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0));
  return {
    socket,
    send,
    frames,
    frame: (fits) => {
      const found = new Promise<FrameClient['frames'][number]>((resolve, reject) => {
        const look = (): void => {
          const there = frames.find(fits);
          if (there) resolve(there);
          else if (over) reject(new Error(`the connection ended first; frames: ${JSON.stringify(frames.slice(-5))}`));
        };
        looking.add(look);
        look();
      });
      return within('a frame', found, 10_000);
    },
    ended: () => within('the end of the connection', ended, 10_000),
  };
}
