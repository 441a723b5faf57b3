// Owns the events that gates send up, and the bounded batch in which they travel.
import type { ErrorCode } from '../base/errors.ts';
import type { WithheldBy } from '../ota/reply.ts';

export type GateEvent =
  | {
      event: 'request';
      atMs: number;
      action: string;
      status: number;
      route: string | null;
      because: string;
      /** Whom it was for, and whether that upstream answered; null for what was not for one, or says nothing of it. */
      upstream: { name: string; answered: boolean } | null;
    }
  | {
      event: 'check';
      atMs: number;
      device: string | null;
      client: string;
      scheme: string;
      board: string | null;
      version: string | null;
      elfSha256: string | null;
      offer: CheckOffer;
      /** The opening through which it came. */
      opening: string | null;
    }
  /** A server could not be reached, or did not answer in time. */
  | { event: 'upstream-failed'; atMs: number; origin: string; code: ErrorCode }
  /** A connection of a stream is over. `received` from the client, `sent` to it, in bytes. */
  | { event: 'stream'; atMs: number; because: string; received: number; sent: number }
  /** So many connections were closed unread, by a bound. */
  | { event: 'turned-away'; atMs: number; because: string; count: number }
  | { event: 'handshake-failed'; atMs: number; reason: string }
  /** A link was served by what control had told of it a moment before. */
  | { event: 'held-hit'; atMs: number; sha256: string }
  | ({ event: 'download-begun'; atMs: number } & DownloadOf)
  /** The link was used, and no image could be had for it. */
  | ({ event: 'download-refused'; atMs: number; code: ErrorCode; why: string | null } & DownloadOf)
  /** So far without a hole; told every ten seconds. `bytes` are those from the beginning of the image. */
  | ({ event: 'download-moved'; atMs: number; startedMs: number; bytes: number; length: number } & DownloadOf)
  | ({
      event: 'download';
      atMs: number;
      startedMs: number;
      /** Where in the image the bytes begin, and how many went out. */
      offset: number;
      bytes: number;
      /** Whether all that was asked for went out. */
      complete: boolean;
      code: ErrorCode | null;
      /** The longest time in which the device waited for bytes of ours. */
      gapMs: number;
      /** Of the whole image. */
      length: number;
      from: DownloadFrom;
    } & DownloadOf);

/** What a check was answered with. `rule` is one of ours, or `busy`, or `rollout`. */
export type CheckOffer =
  | { kind: 'none' }
  | { kind: 'offered'; version: string; forced: boolean; sealed: boolean }
  | { kind: 'withheld'; version: string; rule: WithheldBy; why: string }
  /** The reply could not be read. */
  | { kind: 'unread' };

/** Where the bytes come from: this gate's memory, the disk, or a fill that runs. */
export type DownloadFrom = 'memory' | 'disk' | 'fill';

type DownloadOf = {
  /** The request's id. */
  download: string;
  device: string | null;
  client: string;
  /** Of a sealed link: what its reply had promised, and the opening that it was handed out under. */
  promised: { version: string | null; board: string | null; opening: string | null } | null;
};

export type EventBatch = { events: GateEvent[]; dropped: number };

/**
 * Collects events and hands them over in batches. While one batch is on its way the next waits; past `capacity` the
 * newest are dropped and counted, so that a slow control costs history, never a gate's memory.
 * `send` answers when the batch was taken.
 */
export class EventQueue {
  #events: GateEvent[] = [];
  #dropped = 0;
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #send: (batch: EventBatch) => Promise<void>;
  readonly #capacity: number;
  readonly #everyMs: number;

  constructor(send: (batch: EventBatch) => Promise<void>, capacity = 10_000, everyMs = 200) {
    this.#send = send;
    this.#capacity = capacity;
    this.#everyMs = everyMs;
  }

  add(event: GateEvent): void {
    if (this.#events.length >= this.#capacity) {
      this.#dropped += 1;
      return;
    }
    this.#events.push(event);
    this.#timer ??= setTimeout(() => this.#flush(), this.#everyMs).unref();
  }

  /** Sends what is there now, behind the batch that is on its way; for the moment before an exit. */
  async drain(): Promise<void> {
    await this.#sending;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#flushOnce();
  }

  #flush(): void {
    this.#timer = undefined;
    void this.#flushOnce();
  }

  #flushOnce(): Promise<void> {
    if (this.#sending === undefined && this.#events.length > 0) {
      this.#sending = this.#sendBatch().finally(() => {
        this.#sending = undefined;
        if (this.#events.length > 0) this.#timer ??= setTimeout(() => this.#flush(), this.#everyMs).unref();
      });
    }
    return this.#sending ?? Promise.resolve();
  }

  async #sendBatch(): Promise<void> {
    const batch = { events: this.#events, dropped: this.#dropped };
    this.#events = [];
    this.#dropped = 0;
    try {
      await this.#send(batch);
    } catch {
      // Control is gone: the gate is about to end, and what it could not tell is lost with it.
    }
  }
}
