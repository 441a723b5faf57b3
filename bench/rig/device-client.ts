// Owns the lean client of the measurements: on the wire a device (TLS 1.2, no ALPN, no session), but without its CPU cost.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';

export type Way = {
  address: string;
  port: number;
  /** The certificate that is trusted, or null for plain HTTP. */
  ca: string | null;
  name: string;
};

export type Request = { method: 'GET' | 'POST'; path: string; headers: Record<string, string>; body: Buffer };

export type Ending =
  | 'complete'
  /** The connection ended before all that Content-Length promised had come. */
  | 'cut-short'
  /** Nothing came for as long as a device waits. */
  | 'silent'
  | 'no-connection'
  /** The measurement has no more time for it. */
  | 'given-up';

export type Exchange = {
  end: Ending;
  /** Why there is no connection. */
  because: string;
  status: number;
  length: number | null;
  bytes: number;
  /** Until the connection was open, its handshake with it; 0 on one that was open before. */
  connectMs: number;
  /** From the request to the first byte of the body; null where none came. */
  firstByteMs: number | null;
  lastByteMs: number;
  /** The longest wait within the started body. */
  longestGapMs: number;
};

export type Patience = { silenceMs: number; signal?: AbortSignal };

const MAX_HEAD_BYTES = 16 * 1024;
const contexts = new Map<string, SecureContext>();

// One suite, the first of a device's own list, so that all servers encrypt alike whatever order they prefer. P-256 is
// there for the certificate: in TLS 1.2 its curve must be among those that the client offers (RFC 8422, section 5.1).
function contextFor(ca: string): SecureContext {
  const known = contexts.get(ca);
  if (known !== undefined) return known;
  const context = createSecureContext({
    ca,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    ecdhCurve: 'X25519:P-256',
  });
  contexts.set(ca, context);
  return context;
}

/** An open connection. @throws {Error} where there is none within `withinMs` */
export function dial(way: Way, withinMs = 10_000): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const at = { host: way.address, port: way.port, noDelay: true };
    const socket =
      way.ca === null
        ? connectTcp(at)
        : connectTls({ ...at, secureContext: contextFor(way.ca), servername: way.name, rejectUnauthorized: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no connection within ${withinMs} ms`)), withinMs);
    socket.on('error', fail);
    socket.once(way.ca === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** One request on an open connection. `onBody` gets each part with its offset. Never rejects. */
export function exchange(
  socket: Socket,
  host: string,
  request: Request,
  patience: Patience,
  onBody: (part: Buffer, offset: number) => void,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const reply: Exchange = {
      end: 'cut-short',
      because: '',
      status: 0,
      length: null,
      bytes: 0,
      connectMs: 0,
      firstByteMs: null,
      lastByteMs: 0,
      longestGapMs: 0,
    };
    let head: Buffer | null = Buffer.alloc(0);
    let heardMs = startedMs;
    const finish = (end: Ending): void => {
      clearTimeout(silence);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      patience.signal?.removeEventListener('abort', onAbort);
      if (end !== 'complete') socket.destroy();
      resolve({ ...reply, end });
    };
    const onEnd = (): void => finish('cut-short');
    const onAbort = (): void => finish('given-up');
    const silence = setTimeout(() => finish('silent'), patience.silenceMs);

    const onPart = (part: Buffer, nowMs: number): void => {
      if (reply.firstByteMs === null) reply.firstByteMs = nowMs - startedMs;
      else reply.longestGapMs = Math.max(reply.longestGapMs, nowMs - heardMs);
      onBody(part, reply.bytes);
      reply.bytes += part.length;
    };
    const onData = (data: Buffer): void => {
      silence.refresh();
      const nowMs = performance.now();
      let part = data;
      if (head !== null) {
        head = head.length === 0 ? data : Buffer.concat([head, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) {
          if (head.length > MAX_HEAD_BYTES) finish('cut-short');
          return;
        }
        readHead(head.subarray(0, end).toString('latin1'), reply);
        part = head.subarray(end + 4);
        head = null;
      }
      if (part.length > 0) onPart(part, nowMs);
      heardMs = nowMs;
      reply.lastByteMs = nowMs - startedMs;
      if (reply.length !== null && reply.bytes >= reply.length) finish('complete');
    };
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
    if (patience.signal?.aborted) return onAbort();
    patience.signal?.addEventListener('abort', onAbort);
    socket.write(requestBytes(host, request));
  });
}

/** The same on a connection of its own, as devices do. */
export async function exchangeOnce(
  way: Way,
  request: Request,
  patience: Patience,
  onBody: (part: Buffer, offset: number) => void,
): Promise<Exchange> {
  const startedMs = performance.now();
  const nothing = { status: 0, length: null, bytes: 0, firstByteMs: null, lastByteMs: 0, longestGapMs: 0 };
  try {
    const socket = await dial(way);
    const connectMs = performance.now() - startedMs;
    const reply = await exchange(socket, way.name, request, patience, onBody);
    socket.destroy();
    return { ...reply, connectMs };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return { end: 'no-connection', because, connectMs: performance.now() - startedMs, ...nothing };
  }
}

/** A bare GET: a download has none of the headers of a check. */
export function downloadOf(path: string, connection: 'close' | 'keep-alive' = 'close'): Request {
  return { method: 'GET', path, headers: { Connection: connection }, body: Buffer.alloc(0) };
}

/** The bytes of a request. */
export function requestBytes(host: string, { method, path, headers, body }: Request): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (method === 'POST') lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

function readHead(text: string, reply: Exchange): void {
  reply.status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  const length = /^content-length: *(\d{1,15})$/im.exec(text)?.[1];
  reply.length = length === undefined ? null : Number(length);
}
