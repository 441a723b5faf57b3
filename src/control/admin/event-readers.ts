// Owns those who read the live feed: how many there are, who reads too slowly, and whose right to read has ended.
import type { ServerResponse } from 'node:http';
import type { LiveFeed } from './live-feed.ts';
import { Refusal } from './refusals.ts';

export const MAX_READERS = 100;
/** What may wait for one reader, in bytes, beyond what its connection holds. */
export const MAX_WAITING_BYTES = 1024 * 1024;
const BEAT_MS = 15_000;
const RETRY_MS = 2_000;

type Reader = { response: ServerResponse; isCurrent: () => boolean; stuck: boolean };

export class EventReaders {
  readonly #feed: LiveFeed;
  readonly #beatMs: number;
  readonly #readers = new Set<Reader>();
  #beat: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(feed: LiveFeed, beatMs = BEAT_MS) {
    this.#feed = feed;
    this.#beatMs = beatMs;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** @throws {Refusal} TOO_MANY_READERS, or GATE_STOPPING */
  refuseNew(): void {
    if (this.#stopped) throw new Refusal(503, 'GATE_STOPPING', 'the gate is stopping: it tells nothing more', 5);
    if (this.#readers.size < MAX_READERS) return;
    throw new Refusal(503, 'TOO_MANY_READERS', `${MAX_READERS} pages are open already: close some`, 30);
  }

  /** Answers with the feed, until the reader leaves or `isCurrent` says no. */
  open(response: ServerResponse, lastId: string | null, isCurrent: () => boolean): void {
    const reader: Reader = { response, isCurrent, stuck: false };
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    const { missed, unsubscribe } = this.#feed.subscribe((frames) => send(reader, frames), lastId);
    this.#readers.add(reader);
    this.#beat ??= setInterval(() => this.#look(), this.#beatMs).unref();
    response.once('close', () => {
      unsubscribe();
      this.#readers.delete(reader);
    });
    response.on('error', () => {}); // the close that follows says it all
    send(reader, `retry: ${RETRY_MS}\n\n${missed}`);
  }

  /** Ends those whose token or session is worth nothing any more. */
  endStale(): void {
    for (const reader of this.#readers) if (!reader.isCurrent()) reader.response.end();
  }

  /** Ends all of them, and takes none from now on. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#beat);
    for (const { response } of this.#readers) response.end();
  }

  /** A comment for every reader, so that proxies keep the connection, and those who take nothing are found out. */
  #look(): void {
    this.endStale();
    for (const reader of this.#readers) {
      const waits = reader.response.writableLength > 0;
      if (waits && reader.stuck) reader.response.destroy();
      else if (!waits) send(reader, ':\n\n');
      reader.stuck = waits;
    }
  }
}

/** It comes back by itself, with the id of the last frame that it took. */
function send({ response }: Reader, frames: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(frames);
  if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
}
