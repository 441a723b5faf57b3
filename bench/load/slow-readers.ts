// The process of slow readers: each takes so many bytes a second of one download, and no more.
import type { Socket } from 'node:net';
import { answerCalls } from '../rig/child.ts';
import { dial, downloadOf, exchangeOnce, requestBytes, type Way } from '../rig/device-client.ts';
import { checkOf, offerIn } from '../rig/device-words.ts';
import { type ImageName, imageOf, isPartOf } from '../rig/firmware.ts';

export type ReadersPlan = { way: Way; readers: number; bytesPerSecond: number; image: ImageName; openWithinMs: number };

export type ReadersState = {
  open: number;
  /** Connections that ended, or never were. */
  ended: number;
  /** Of bodies, in all. */
  bytes: number;
  /** Readers that have got their first byte. */
  begun: number;
  corrupt: number;
  /** Of the first one that ended; empty where none has. */
  because: string;
};

/** The kernel is asked for more at this pace. */
const TICK_MS = 100;

type Reader = { socket: Socket; bytes: number; owedUntilMs: number; head: Buffer | null };

const readers = new Set<Reader>();
const state: ReadersState = { open: 0, ended: 0, bytes: 0, begun: 0, corrupt: 0, because: '' };

const calls = {
  /** Resolves when all have asked, whatever became of them. */
  open: async ({ way, readers: count, bytesPerSecond, image, openWithinMs }: ReadersPlan): Promise<ReadersState> => {
    // One whole download first: what is measured is the cache.
    await exchangeOnce(way, downloadOf(await linkFor(way, 0)), { silenceMs: 30_000 }, () => {});
    const bytes = imageOf(image);
    setInterval(resumeDue, TICK_MS);
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index * openWithinMs) / count));
        try {
          const path = await linkFor(way, index);
          begin(await dial(way), way, path, bytes, bytesPerSecond);
        } catch (error) {
          ended(`reader ${index}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }),
    );
    return state;
  },
  state: (): ReadersState => state,
};

// What a read of the kernel's brings is paid for by a pause: in the mean, the rate is kept.
function begin(socket: Socket, way: Way, path: string, image: Buffer, bytesPerSecond: number): void {
  const reader: Reader = { socket, bytes: 0, owedUntilMs: performance.now(), head: Buffer.alloc(0) };
  readers.add(reader);
  state.open += 1;
  socket.on('data', (data: Buffer) => {
    reader.owedUntilMs += (data.length / bytesPerSecond) * 1000;
    if (reader.owedUntilMs > performance.now()) socket.pause();
    const part = bodyOf(reader, data);
    if (part.length === 0) return;
    if (reader.bytes === 0) state.begun += 1;
    if (!isPartOf(image, part, reader.bytes)) state.corrupt += 1;
    reader.bytes += part.length;
    state.bytes += part.length;
  });
  socket.on('close', () => {
    if (!readers.delete(reader)) return;
    state.open -= 1;
    ended(`a download ended after ${reader.bytes} bytes`);
  });
  socket.write(requestBytes(way.name, downloadOf(path)));
}

function ended(because: string): void {
  if (state.ended === 0) state.because = because;
  state.ended += 1;
}

function resumeDue(): void {
  const nowMs = performance.now();
  for (const { socket, owedUntilMs } of readers) if (owedUntilMs <= nowMs && socket.isPaused()) socket.resume();
}

function bodyOf(reader: Reader, data: Buffer): Buffer {
  if (reader.head === null) return data;
  reader.head = Buffer.concat([reader.head, data]);
  const end = reader.head.indexOf('\r\n\r\n');
  if (end < 0) return Buffer.alloc(0);
  const body = reader.head.subarray(end + 4);
  reader.head = null;
  return body;
}

async function linkFor(way: Way, index: number): Promise<string> {
  const parts: Buffer[] = [];
  const reply = await exchangeOnce(way, checkOf(index), { silenceMs: 30_000 }, (part) => void parts.push(part));
  const offer = offerIn(Buffer.concat(parts));
  if (offer === null) throw new Error(`the check brings no offer: ${reply.end} ${reply.status} ${reply.because}`);
  return offer.path;
}

export type ReadersCalls = typeof calls;

answerCalls(calls);
