// Sends one reply of a sample upstream byte for byte as it was composed, but for the faults that are planted in it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Faults } from './faults.ts';

export type Header = readonly [name: string, value: string];

export interface Reply {
  status: number;
  /** In the order and the case in which they go out; Content-Length among them. `Connection` is added last. */
  headers: readonly Header[];
  body: Buffer;
}

/** What a reply is to: some faults concern checks or downloads only. */
export type Subject = 'check' | 'download' | 'other';

const PACE_INTERVAL_MS = 25;

/** How long aiohttp and nginx keep an idle connection, in milliseconds. */
export const KEEP_ALIVE_MS = 75_000;

/**
 * Resolves when all is handed to the socket, or the client has gone. Never throws for a client that goes away.
 */
export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  composed: Reply,
  faults: Faults,
  subject: Subject,
): Promise<void> {
  if (faults.delayMs !== undefined) await sleep(faults.delayMs);
  if (response.destroyed) return;
  // A client that resets its connection while bytes are under way is daily life here, not an error to end on.
  response.on('error', () => {});
  if (faults.earlyHints) response.writeEarlyHints({ link: '</favicon.ico>; rel=preload' });

  const reply = encoded(overridden(composed, faults, subject), request, faults);
  const headers = reply.headers.filter(([name]) => !isLength(name) || keepsLength(faults));
  if (faults.noContentLength) {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  // Neither aiohttp nor the real nginx says "Connection: keep-alive" to HTTP/1.1, as Node would.
  response.removeHeader('connection');
  response.sendDate = false;
  if (!response.shouldKeepAlive) headers.push(['Connection', 'close']);
  response.writeHead(reply.status, STATUS_CODES[reply.status] ?? 'Unknown', headers.flat());

  if (request.method === 'HEAD' || reply.body.length === 0) response.end();
  else if (subject === 'download') await sendDownload(response, reply.body, faults);
  else response.end(reply.body);
}

async function sendDownload(response: ServerResponse, body: Buffer, faults: Faults): Promise<void> {
  const { truncateAt = Number.POSITIVE_INFINITY, stallAt = Number.POSITIVE_INFINITY } = faults;
  const served = body.subarray(0, Math.min(truncateAt, stallAt));
  if (served.length === body.length && faults.downloadBytesPerSecond === undefined) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  await pour(response, served, faults.downloadBytesPerSecond);
  if (served.length === body.length) response.end();
  else if (truncateAt <= stallAt) response.socket?.destroySoon();
}

/** Writes at a steady pace (bytes a second), and never more than the socket takes. */
async function pour(response: ServerResponse, bytes: Buffer, pace: number | undefined): Promise<void> {
  const beganAt = performance.now();
  for (let sent = 0; sent < bytes.length && !response.destroyed; ) {
    const due = pace === undefined ? bytes.length : Math.floor(((performance.now() - beganAt) / 1000) * pace);
    const step = bytes.subarray(sent, Math.min(due, sent + 65_536));
    sent += step.length;
    if (step.length > 0 && !response.write(step)) await drained(response);
    if (pace !== undefined && sent < bytes.length) await sleep(PACE_INTERVAL_MS);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}

function overridden(reply: Reply, faults: Faults, subject: Subject): Reply {
  if (subject === 'download' && faults.downloadStatus !== undefined) {
    return { status: faults.downloadStatus, headers: [['Content-Length', '0']], body: Buffer.alloc(0) };
  }
  if (subject !== 'check') return reply;
  const status = faults.checkStatus ?? reply.status;
  return faults.checkBody === undefined ? { ...reply, status } : withBody(reply, status, Buffer.from(faults.checkBody));
}

function encoded(reply: Reply, request: IncomingMessage, faults: Faults): Reply {
  if (faults.gzip === undefined || reply.body.length === 0) return reply;
  const accepted = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (faults.gzip === 'accepted' && !accepted) return reply;
  const packed = withBody(reply, reply.status, gzipSync(reply.body));
  return { ...packed, headers: [...packed.headers, ['Content-Encoding', 'gzip']] };
}

function withBody(reply: Reply, status: number, body: Buffer): Reply {
  const headers = reply.headers.map(
    ([name, value]): Header => (isLength(name) ? [name, String(body.length)] : [name, value]),
  );
  return { status, headers, body };
}

function keepsLength(faults: Faults): boolean {
  return !faults.chunkedReplies && !faults.noContentLength;
}

function isLength(name: string): boolean {
  return name === 'Content-Length';
}
