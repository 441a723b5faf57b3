// Owns one request as a device sends it, whose reply is read as it is: what a device would stumble over is kept.
import type { Generation } from '../../device/generation.ts';
import { type Request, requestBytes } from '../../device/http-client.ts';
import type { Link } from '../../device/link.ts';
import type { Asked, Reply } from '../facts.ts';
import { type Connection, connectAsDevice, type Times } from './connect.ts';
import { readServerFlight } from './server-flight.ts';

const MAX_HEAD_BYTES = 32 * 1024;
const LONGEST_MS = 60_000;
const GENERATION: Generation = 'current';

/** Sends on a connection of its own, and reads the head and up to `maxBytes` of the body. Never rejects. */
export async function ask(request: Request, to: Link, address: string, times: Times, maxBytes: number): Promise<Asked> {
  const { connection, opening } = await connectAsDevice(to, address, times);
  if (connection === null) return { asked: 'failed', because: opening.opened === 'no' ? opening.because : '' };
  return askOn(connection, request, to, times, maxBytes);
}

/** The same on a connection that stands already, which is closed at the end. */
export async function askOn(
  connection: Connection,
  request: Request,
  to: Link,
  times: Times,
  maxBytes: number,
): Promise<Asked> {
  const { socket } = connection;
  socket.write(requestBytes(GENERATION, request, to));
  const received = await receive(connection, times.replyMs, maxBytes);
  const largestRecord = to.secure ? readServerFlight(connection.seen()).largestRecord : 0;
  connection.close();
  const reply = readReply(received.bytes, largestRecord, maxBytes);
  if (reply !== null) return { asked: 'replied', reply };
  const because = received.bytes.length > 0 ? 'what came is no HTTP reply' : received.because;
  return { asked: 'failed', because };
}

function receive(
  { socket }: Connection,
  silenceMs: number,
  maxBytes: number,
): Promise<{ bytes: Buffer; because: string }> {
  return new Promise((settle) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (because: string): void => {
      clearTimeout(timer);
      clearTimeout(last);
      settle({ bytes: Buffer.concat(chunks), because });
    };
    const timer = setTimeout(() => end(`no reply within ${silenceMs / 1000} s`), silenceMs);
    // One byte now and then would else keep it here for ever.
    const last = setTimeout(() => end(`no end of the reply within ${LONGEST_MS / 1000} s`), LONGEST_MS);
    socket.on('data', (data: Buffer) => {
      timer.refresh();
      chunks.push(data);
      length += data.length;
      if (length > MAX_HEAD_BYTES + maxBytes || isWhole(Buffer.concat(chunks), maxBytes)) end('');
    });
    socket.on('error', () => end('the connection broke'));
    socket.on('close', () => end('the server closed the connection without a reply'));
  });
}

function isWhole(bytes: Buffer, maxBytes: number): boolean {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const body = bytes.length - headEnd - 4;
  const head = bytes.subarray(0, headEnd).toString('latin1');
  const length = /^content-length:[ \t]*(\d{1,12})/im.exec(head)?.[1];
  if (body >= maxBytes) return true;
  if (length !== undefined) return body >= Number(length);
  return /^transfer-encoding:.*chunked/im.test(head) && bytes.subarray(-7).toString('latin1').endsWith('0\r\n\r\n');
}

function readReply(bytes: Buffer, largestRecord: number, maxBytes: number): Reply | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) return null;
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const body = bytes.subarray(headEnd + 4);
  const reply = { status, headers, body, largestRecord };
  const whole = isChunked(reply) ? withoutChunks(body) : body;
  return { ...reply, body: whole.subarray(0, maxBytes) };
}

/** The value of a header, whatever the case of its name. */
export function headerOf({ headers }: Pick<Reply, 'headers'>, name: string): string | null {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? null;
}

export function isChunked(reply: Pick<Reply, 'headers'>): boolean {
  return headerOf(reply, 'transfer-encoding')?.toLowerCase().includes('chunked') ?? false;
}

function withoutChunks(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = lineEnd < 0 ? 0 : Number.parseInt(body.subarray(at, lineEnd).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
