// Owns asking a gate for firmware: a check as a device sends it, the link that it is offered, and the bytes behind it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import type { GateRig } from './gate.ts';
import { BOARD, MAC } from './sample-servers.ts';
import { CHECK_HEADERS, checkBody, LAN } from './test-device.ts';
import { type Ask, ask, headerOf, jsonOf, type RawReply } from './wire.ts';

export type Asker = {
  mac?: string;
  /** In the body; `agent` in the User-Agent, where that is to say something else. */
  board?: string;
  agent?: string;
  version?: string;
  host?: string;
  /** LAN unless said. */
  from?: string;
};

type Ports = Pick<GateRig, 'http'>;

/** A MAC of its own for each number. */
export function macOf(number: number): string {
  return `02:00:00:01:${byte(number >> 8)}:${byte(number)}`;
}

/** The reply to a check, as JSON. */
export async function check(gate: Ports, asker: Asker = {}): Promise<Record<string, unknown>> {
  const { mac = MAC, board = BOARD, agent = board, version = '1.8.1', host = 'ota.test', from = LAN } = asker;
  const headers = { ...CHECK_HEADERS, 'Device-Id': mac, 'User-Agent': `${agent}/${version}` };
  const what = { path: '/xiaozhi/ota/', host, headers, body: checkBody(version, board) };
  const reply = await ask({ port: gate.http, from, withinMs: 15_000 }, what);
  assert.equal(reply.status, 200, reply.body.toString());
  return jsonOf(reply);
}

/** The path of the link that a check hands out. */
export async function offeredPath(gate: Ports, asker: Asker = {}): Promise<string> {
  const { firmware } = (await check(gate, asker)) as { firmware?: { url?: string } };
  const link = firmware?.url ?? '';
  assert.ok(URL.canParse(link), `an offer: ${JSON.stringify(firmware)}`);
  const { pathname, search } = new URL(link);
  return pathname + search;
}

/** A GET unless said, from the LAN. What broke off is in the reply as not whole. */
export function fetchFrom(gate: Ports, path: string, rest: Partial<Ask> = {}, withinMs = 15_000): Promise<RawReply> {
  return ask({ port: gate.http, from: LAN, withinMs }, { method: 'GET', path, ...rest });
}

/** The same, or null where the connection ended without a reply. */
export function tryFetch(gate: Ports, path: string, rest: Partial<Ask> = {}): Promise<RawReply | null> {
  return fetchFrom(gate, path, rest).catch(() => null);
}

/** A check, and the download behind it. */
export async function upgrade(gate: Ports, asker: Asker = {}): Promise<RawReply> {
  return fetchFrom(gate, await offeredPath(gate, asker), asker.host === undefined ? {} : { host: asker.host });
}

export type Timed = {
  status: number;
  body: Buffer;
  whole: boolean;
  /** Since the request, in ms. */
  headMs: number;
  endMs: number;
  /** The longest silence from the head to the end, in ms. */
  gapMs: number;
  /** What had come that long after the head. */
  soon: number;
  /** Why there was no head. */
  failed: string;
};

/** A download that looks at the clock, and says when its head is there, or it is over. */
export function begun(
  gate: Ports,
  path: string,
  options: TimedOptions = {},
): { head: Promise<unknown>; end: Promise<Timed> } {
  const head = Promise.withResolvers<void>();
  const end = timed(gate, path, { ...options, onHead: head.resolve });
  return { head: Promise.race([head.promise, end]), end };
}

/** A download that looks at the clock. `soonMs` is when `soon` is taken. Never rejects. */
export function timed(gate: Ports, path: string, options: TimedOptions = {}): Promise<Timed> {
  const { soonMs = 100, headers = {}, from = LAN, readBytesPerSecond, onHead = () => {} } = options;
  const askedMs = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const told: Timed = {
      status: 0,
      body: Buffer.alloc(0),
      whole: false,
      headMs: Infinity,
      endMs: Infinity,
      gapMs: 0,
      soon: 0,
      failed: '',
    };
    let lastMs = askedMs;
    const finish = (): void => {
      Object.assign(told, { body: Buffer.concat(chunks), endMs: performance.now() - askedMs });
      resolve(told);
    };
    const shared = { host: '127.0.0.1', port: gate.http, localAddress: from, agent: false, path };
    const request = get({ ...shared, headers: { Host: 'ota.test', ...headers } }, (response) => {
      lastMs = performance.now();
      told.headMs = lastMs - askedMs;
      told.status = response.statusCode ?? 0;
      onHead();
      let bytes = 0;
      setTimeout(() => {
        told.soon = bytes;
      }, soonMs).unref();
      response.on('data', (chunk: Buffer) => {
        const nowMs = performance.now();
        told.gapMs = Math.max(told.gapMs, nowMs - lastMs);
        lastMs = nowMs;
        bytes += chunk.length;
        chunks.push(chunk);
        if (readBytesPerSecond === undefined) return;
        response.pause();
        setTimeout(() => response.resume(), (chunk.length / readBytesPerSecond) * 1000);
      });
      response.on('error', () => {});
      response.on('close', () => {
        told.whole = response.complete;
        finish();
      });
    });
    request.on('error', (error) => {
      if (told.status !== 0) return;
      told.failed = String(error);
      finish();
    });
  });
}

export type TimedOptions = {
  soonMs?: number;
  headers?: Record<string, string>;
  from?: string;
  /** Takes no more than this. */
  readBytesPerSecond?: number;
  onHead?: () => void;
};

/** Whole, byte for byte. */
export function assertImage(reply: RawReply | null, image: Buffer, what = 'the image'): void {
  assert.ok(reply, `${what}: no reply`);
  assert.equal(reply.status, 200, `${what}: ${reply.body.subarray(0, 300).toString()}`);
  assert.equal(headerOf(reply, 'Content-Length'), String(image.length), what);
  assert.equal(sha256(reply.body), sha256(image), what);
}

/** Whether a device would take this for a whole file. */
export function isComplete(reply: RawReply | null): boolean {
  return reply?.status === 200 && reply.whole;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function byte(number: number): string {
  return (number & 0xff).toString(16).padStart(2, '0');
}
