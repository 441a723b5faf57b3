// The process of everything at once: checks, downloads, conversations, uploads, refusals and garbage, each with what must come of it.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { answerCalls } from '../rig/child.ts';
import { downloadOf, exchangeOnce, type Request, type Way } from '../rig/device-client.ts';
import { checkOf, offerIn } from '../rig/device-words.ts';
import { type ImageName, imageOf, isPartOf } from '../rig/firmware.ts';

export type MixedPlan = {
  secure: Way;
  plain: Way;
  image: ImageName;
  /** Of each kind, how many go on at a time. */
  devices: number;
  conversations: number;
};

/** What did not come out as it must. `atMs` and `sinceMs` are of the clock of the day. */
export type Failure = { kind: string; sinceMs: number; atMs: number; what: string };

export type MixedTally = { done: Record<string, number>; failures: Failure[]; dropped: number; corrupt: number };

const MAX_FAILURES = 10_000;
const PATIENCE = { silenceMs: 30_000 };
const UPLOAD = Buffer.alloc(2_000_000, 'u');
const GARBAGE = [
  'GET / HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  '\x16\x03\x01\x00\x05hello',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
  'GET /xiaozhi/ota/ HTTP/1.1\r\nHost: ota.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
];

const tally: MixedTally = { done: {}, failures: [], dropped: 0, corrupt: 0 };
let leaving = new AbortController();
let workers: Promise<void>[] = [];

const calls = {
  begin: (plan: MixedPlan): void => {
    leaving = new AbortController();
    const again = (kind: string, pauseMs: number, work: (index: number) => Promise<string | null>, index = 0): void =>
      void workers.push(repeat(kind, pauseMs, () => work(index)));
    for (let index = 0; index < plan.devices; index += 1) {
      again('check by TLS', 100, (device) => check(plan.secure, device), index);
      again('check by plain HTTP', 50, (device) => check(plan.plain, device), index);
      again('upgrade', 500, (device) => upgrade(index % 2 === 0 ? plan.secure : plan.plain, device, plan.image), index);
    }
    for (let index = 0; index < plan.conversations; index += 1)
      again('conversation', 200, () => converse(plan.secure, 5_000 + index * 700));
    again('upload', 1_000, () => expectStatus(plan.secure, upload(), 200));
    again('refusal', 100, () => expectStatus(plan.plain, plainGet('/xiaozhi/config/server-base'), 403));
    again('dead link', 200, () => expectStatus(plan.secure, plainGet('/xiaozhi/otaMag/download/~AAAA'), 404));
    again('garbage', 100, () => garbage(plan.plain));
    again('garbage for TLS', 200, () => garbage({ ...plan.secure, ca: null }));
    again('client that leaves', 200, () => leave(plan.plain));
  },
  tally: (): MixedTally => tally,
  stop: async (): Promise<void> => {
    leaving.abort();
    await Promise.all(workers);
    workers = [];
  },
};

/** Until it is told to stop. `work` gives what went wrong, or null. */
async function repeat(kind: string, pauseMs: number, work: () => Promise<string | null>): Promise<void> {
  while (!leaving.signal.aborted) {
    const sinceMs = Date.now();
    const what = await work().catch((error: unknown) => String(error));
    if (leaving.signal.aborted && what !== null) return; // the measurement ended in its midst
    tally.done[kind] = (tally.done[kind] ?? 0) + 1;
    if (what !== null) {
      if (tally.failures.length < MAX_FAILURES) tally.failures.push({ kind, sinceMs, atMs: Date.now(), what });
      else tally.dropped += 1;
    }
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

async function check(way: Way, index: number): Promise<string | null> {
  const parts: Buffer[] = [];
  const reply = await exchangeOnce(way, checkOf(index), PATIENCE, (part) => void parts.push(part));
  if (reply.end !== 'complete' || reply.status !== 200) return `${reply.end} ${reply.because}, status ${reply.status}`;
  return offerIn(Buffer.concat(parts)) === null ? 'no offer in the reply' : null;
}

async function upgrade(way: Way, index: number, name: ImageName): Promise<string | null> {
  const parts: Buffer[] = [];
  const checked = await exchangeOnce(way, checkOf(index), PATIENCE, (part) => void parts.push(part));
  const offer = offerIn(Buffer.concat(parts));
  if (offer === null) return `check: ${checked.end} ${checked.because}, status ${checked.status}`;
  const image = imageOf(name);
  let identical = true;
  const got = await exchangeOnce(way, downloadOf(offer.path), PATIENCE, (part, offset) => {
    identical &&= isPartOf(image, part, offset);
  });
  if (got.end !== 'complete' || got.status !== 200)
    return `download: ${got.end} ${got.because}, status ${got.status}, ${got.bytes} bytes`;
  if (identical && got.bytes === image.length) return null;
  tally.corrupt += 1;
  return 'download: complete, and not the image';
}

/** A conversation of so long; each frame must come back. */
async function converse(way: Way, lengthMs: number): Promise<string | null> {
  const options: ClientOptions & ConnectionOptions = {
    ca: way.ca ?? [],
    servername: way.name,
    headers: { Host: way.name },
    handshakeTimeout: 10_000,
    perMessageDeflate: false,
  };
  const socket = new WebSocket(`wss://${way.address}:${way.port}/xiaozhi/v1/`, options);
  let [sent, heard] = [0, 0];
  let broken: string | null = null;
  socket.on('error', (error) => {
    broken = error.message;
  });
  socket.on('message', () => {
    heard += 1;
  });
  const closed = once(socket, 'close');
  await Promise.race([once(socket, 'open').catch(() => {}), closed]);
  if (socket.readyState !== WebSocket.OPEN) return broken ?? 'no 101';
  const endMs = Date.now() + lengthMs;
  while (Date.now() < endMs && socket.readyState === WebSocket.OPEN && !leaving.signal.aborted) {
    socket.send(Buffer.alloc(200), () => {});
    sent += 1;
    await sleep(60);
  }
  if (socket.readyState !== WebSocket.OPEN) return `closed after ${heard} of ${sent} frames: ${broken ?? ''}`;
  for (let waited = 0; heard < sent && waited < 50; waited += 1) await sleep(100);
  socket.close();
  await Promise.race([closed, sleep(5_000)]);
  socket.terminate();
  return heard === sent ? null : `${heard} of ${sent} frames came back`;
}

async function expectStatus(way: Way, request: Request, status: number): Promise<string | null> {
  const reply = await exchangeOnce(way, request, PATIENCE, () => {});
  return reply.end === 'complete' && reply.status === status
    ? null
    : `${reply.end} ${reply.because}, status ${reply.status} instead of ${status}`;
}

function plainGet(path: string): Request {
  return downloadOf(path);
}

function upload(): Request {
  const edge = 'edge';
  const head = `--${edge}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    method: 'POST',
    path: '/xiaozhi/otaMag/upload',
    headers: { 'Content-Type': `multipart/form-data; boundary=${edge}`, Connection: 'close' },
    body: Buffer.concat([Buffer.from(head), UPLOAD, Buffer.from(`\r\n--${edge}--\r\n`)]),
  };
}

/** Must be answered or hung up on within ten seconds. */
function garbage(way: Way): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: way.address, port: way.port });
    socket.setTimeout(10_000, () => {
      socket.destroy();
      resolve('nobody hung up on garbage');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(null));
    socket.resume();
    socket.end(GARBAGE[Math.floor(Math.random() * GARBAGE.length)] ?? '', 'latin1');
  });
}

/** Asks for a download, and leaves in its midst. */
async function leave(way: Way): Promise<string | null> {
  const socket = connect({ host: way.address, port: way.port });
  socket.on('error', () => {});
  socket.write(`GET /xiaozhi/otaMag/download/x HTTP/1.1\r\nHost: ${way.name}\r\n\r\n`);
  await sleep(5);
  socket.resetAndDestroy();
  return null;
}

export type MixedCalls = typeof calls;

answerCalls(calls);
