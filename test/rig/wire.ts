// Owns raw exchanges: bytes out, and the reply as it came, the order and the case of its headers included.
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

export type RawReply = {
  status: number;
  statusLine: string;
  headers: [name: string, value: string][];
  body: Buffer;
  /** Whether as many bytes came as Content-Length promised; without one, whether the connection ended in good order. */
  whole: boolean;
};

export type Way = {
  port: number;
  /** Which address it comes from; 127.0.0.1 unless said. */
  from?: string;
  to?: string;
  /** Speaks TLS with these options. */
  tls?: ConnectionOptions;
  withinMs?: number;
};

export type Ask = {
  method?: string;
  path: string;
  host?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
};

/** A request with `Connection: close`, and with its body's length where it has one. */
export function requestBytes({ method, path, host = 'ota.test', headers = {}, body }: Ask): Buffer {
  const lines = [`${method ?? (body === undefined ? 'GET' : 'POST')} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  if (headers.Connection === undefined) lines.push('Connection: close');
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body ?? '')]);
}

/** Opens a connection; rejects where it is refused. */
export function open(way: Way): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const at = { host: way.to ?? '127.0.0.1', port: way.port, localAddress: way.from ?? '127.0.0.1' };
    const socket: Socket =
      way.tls === undefined
        ? connect(at, () => resolve(socket))
        : connectTls({ ALPNProtocols: [], ...at, servername: 'ota.test', ...way.tls }, () => resolve(socket));
    socket.setTimeout(way.withinMs ?? 15_000, () => socket.destroy(new Error('silence on the connection')));
    socket.on('error', reject);
  });
}

/** One request on a connection of its own. Reads until the reply is whole or the connection ends. */
export async function ask(way: Way, what: Ask | Buffer): Promise<RawReply> {
  const socket = await open(way);
  socket.write(Buffer.isBuffer(what) ? what : requestBytes(what));
  const method = Buffer.isBuffer(what) ? what.toString('latin1').split(' ', 1)[0] : what.method;
  return readReply(socket, method === 'HEAD');
}

/** The next reply on a connection, which is closed afterwards unless `keep`. */
export function readReply(socket: Socket, bodiless = false, keep = false): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let expected = Number.POSITIVE_INFINITY;
    let failed: Error | undefined;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (expected === Number.POSITIVE_INFINITY) expected = expectedBytes(Buffer.concat(chunks), bodiless);
      if (bytes >= expected) finish();
    };
    const onError = (error: Error): void => {
      failed = error;
    };
    const finish = (): void => {
      socket.off('data', onData).off('error', onError).off('close', finish);
      if (!keep) socket.on('error', () => {}).destroy();
      const reply = parseReply(Buffer.concat(chunks), bodiless);
      if (reply === null) reject(failed ?? new Error(`no reply: ${Buffer.concat(chunks).toString('latin1')}`));
      else resolve(failed === undefined ? reply : { ...reply, whole: false });
    };
    if (socket.closed) finish();
    else socket.on('data', onData).on('error', onError).on('close', finish);
  });
}

function expectedBytes(bytes: Buffer, bodiless: boolean): number {
  const reply = parseReply(bytes, bodiless);
  if (reply?.status === 101) return bytes.length;
  const length = reply && headerOf(reply, 'content-length');
  if (reply === null || length === undefined || length === null) return Number.POSITIVE_INFINITY;
  return bytes.length - reply.body.length + (bodiless ? 0 : Number(length));
}

/** Head and body of a recorded or received reply; null where the head is not whole yet. */
export function parseReply(bytes: Buffer, bodiless = false): RawReply | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  const body = bytes.subarray(end + 4);
  const whole = bodiless || length === undefined || body.length === Number(length);
  return { status: Number(statusLine.split(' ')[1]), statusLine, headers, body, whole };
}

export function headerOf(reply: Pick<RawReply, 'headers'>, name: string): string | undefined {
  return reply.headers.find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];
}

/** The body as JSON. @throws {SyntaxError} where it is none */
export function jsonOf(reply: RawReply): Record<string, unknown> {
  return JSON.parse(reply.body.toString('utf8')) as Record<string, unknown>;
}
