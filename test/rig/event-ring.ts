// Owns a bounded ring of events and their sending to a browser (server-sent events), from behind the last that it had.
import type { IncomingMessage, ServerResponse } from 'node:http';

type Kept = { id: number; event: string; data: string };

const KEPT = 500;
const COMMENT_EVERY_MS = 15_000;

export class EventRing {
  #kept: Kept[] = [];
  #last = 0;
  readonly #listeners = new Set<(kept: Kept) => void>();
  /** `Last-Event-ID` of each stream that was opened. */
  readonly resumed: string[] = [];

  /** The id of the newest. */
  get last(): number {
    return this.#last;
  }

  add(event: string, data: unknown): void {
    this.#last += 1;
    const kept = { id: this.#last, event, data: JSON.stringify(data) };
    this.#kept = [...this.#kept, kept].slice(-KEPT);
    for (const listener of this.#listeners) listener(kept);
  }

  /** Those behind this id, and every later one; gives back the way to stop. */
  follow(lastId: number | null, listener: (kept: Kept) => void): () => void {
    if (lastId !== null) for (const kept of this.#kept.filter(({ id }) => id > lastId)) listener(kept);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function sendEvents(ring: EventRing, request: IncomingMessage, response: ServerResponse): void {
  const last = request.headers['last-event-id'];
  ring.resumed.push(String(last ?? ''));
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(': here\n\n');
  const comment = setInterval(() => response.write(':\n\n'), COMMENT_EVERY_MS);
  const stop = ring.follow(last === undefined ? null : Number(last), ({ id, event, data }) =>
    response.write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`),
  );
  response.on('close', () => {
    clearInterval(comment);
    stop();
  });
}
