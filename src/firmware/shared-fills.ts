// Owns fetching an image once over all machines: one has the turn and fetches, its bytes pass through Redis, and the
// others take them as a reply. One that dies is followed by another.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { errorText, GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Agreement, Lease } from '../store/agreement.ts';
import { BEAT_MS, MAX_PART_BYTES, type Passage, type Passages, type PassageWriter } from '../store/redis/passages.ts';
import { ANOTHER_MACHINE, type Reply } from './fetch.ts';
import type { CarriedFill, FetchTurn } from './fetch-turn.ts';
import { GrowingFile } from './growing-file.ts';
import { confirmsPromise } from './link-identity.ts';
import { BY_OURSELVES, type Sharing, type Turn, type TurnOptions } from './sharing.ts';

// Shorter than the 5 s for which an old device waits for its next byte.
const TURN_LIFE_MS = 3_000;
const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 60;
// A passage that is whole counts for so long: the fleet that asked together. Later, what the catalogue says counts.
const FRESH_MS = 10_000;

const headSchema = z.object({
  url: z.url(),
  headers: z.record(z.string(), z.string()),
  length: z.int().min(1),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  fileName: z.string().nullable(),
  contentType: z.string(),
});

export type PassageHead = z.infer<typeof headSchema>;

export class SharedFills implements Sharing {
  readonly #passages: Passages;
  readonly #agreement: Agreement;
  readonly #log: Log;

  constructor(passages: Passages, agreement: Agreement, log: Log) {
    this.#passages = passages;
    this.#agreement = agreement;
    this.#log = log;
  }

  async turn(name: string, options: TurnOptions): Promise<Turn> {
    const short = passageName(name);
    const sinceMs = performance.now();
    const deadline = sinceMs + WAIT_MS;
    while (this.#passages.there && performance.now() < deadline && !options.signal.aborted) {
      const theirs = await this.#theirs(short, options, sinceMs);
      if (theirs !== null) return theirs;
      const lease = await this.#agreement.lease(`fill/${short}`, TURN_LIFE_MS);
      if (lease !== null) {
        // Another machine may have begun and ended between the look and the lease.
        const ended = await this.#theirs(short, options, sinceMs);
        if (ended === null) return this.#ours(short, lease);
        await lease.release();
        return ended;
      }
      await sleep(LOOK_EVERY_MS);
    }
    return BY_OURSELVES;
  }

  /** What another machine fetches, or has fetched just now; null where that is nothing. */
  async #theirs(name: string, { promise, running }: TurnOptions, sinceMs: number): Promise<Turn | null> {
    const passage = await this.#passages.find(name);
    if (passage === null) return null;
    const freshMs = running ? performance.now() - sinceMs : FRESH_MS;
    const head = headSchema.safeParse(passage.head);
    if (!head.success || (passage.whole && passage.ageMs > freshMs)) return null;
    // Another image under a name that was only claimed: each one's link may still bring its own.
    const fits = promise === null || confirmsPromise(head.data.fileName, promise);
    return fits ? { kind: 'theirs', reply: replyOf(passage, head.data) } : BY_OURSELVES;
  }

  /** Passes an image that is here to those who have missed it. Never throws. */
  async passOn(name: string, head: PassageHead, file: string): Promise<void> {
    const lease = await this.#agreement.lease(`fill/${name}`, TURN_LIFE_MS);
    if (lease === null) return;
    try {
      const writer = await this.#passages.begin(name, lease.token, head, head.length);
      if (writer === null) return;
      await writeAll(writer, () => writeFile(writer, file, head.length, lease.lost));
    } catch (error) {
      const why = `an image did not reach other machines, which ask for it again: ${errorText(error)}`;
      this.#log.warn({ event: 'pass-on-failed', detail: errorText(error) }, why);
    } finally {
      await lease.release();
    }
  }

  /** What passes under this name at the moment, as a reply. */
  async follow(name: string): Promise<Reply | null> {
    const passage = await this.#passages.find(name);
    const head = headSchema.safeParse(passage?.head);
    return passage === null || !head.success ? null : replyOf(passage, head.data);
  }

  #ours(name: string, lease: Lease): Turn {
    let state: 'taken' | 'carried' | 'over' = 'taken';
    const leave = (): void => {
      if (state !== 'taken') return;
      state = 'over';
      void lease.release();
    };
    const turn = (reply: Reply): FetchTurn => ({
      leave,
      held: () => state === 'carried' && !lease.lost.aborted,
      carry: (fill) => {
        if (state !== 'taken') return;
        state = 'carried';
        void this.#carry(name, lease, fill, reply).finally(() => {
          state = 'over';
        });
      },
    });
    return { kind: 'ours', turn, leave };
  }

  /** Writes the fill's bytes behind it as they come. What goes wrong here costs the others a fetch of their own. */
  async #carry(name: string, lease: Lease, fill: CarriedFill, reply: Reply): Promise<void> {
    try {
      // One that is for a single link, or for nobody else, is under another name or none.
      if (fill.name === null || passageName(fill.name) !== name) return;
      await Promise.race([fill.ready, fill.done]).catch(() => {});
      const length = fill.length ?? 0;
      if (length === 0 || fill.state.kind === 'failed' || !fill.kept || lease.lost.aborted) return;
      const { url, headers, etag, lastModified, fileName, contentType } = reply;
      const head: PassageHead = { url: url.href, headers, length, etag, lastModified, fileName, contentType };
      const writer = await this.#passages.begin(name, lease.token, head, length);
      if (writer === null) {
        const why = 'more images pass to other machines than Redis is meant to hold: they fetch this one themselves';
        this.#log.warn({ event: 'passage-full' }, why);
        return;
      }
      await writeAll(writer, () => writeGrowing(writer, fill, length, lease.lost));
    } catch (error) {
      const why = `other machines have to fetch an image themselves: ${errorText(error)}`;
      this.#log.warn({ event: 'passage-failed', detail: errorText(error) }, why);
    } finally {
      await lease.release();
    }
  }
}

/** How a name of the cache is called on the way. */
export function passageName(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** True with the fill's next news, false where there were none for a while. */
function changed(fill: CarriedFill): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(false), BEAT_MS);
    const unwatch = fill.watch(() => done(true));
    const done = (news: boolean): void => {
      clearTimeout(timer);
      unwatch();
      resolve(news);
    };
  });
}

/** Says at the end whether all is there: whoever reads behind it must not wait for a silence to become long. */
async function writeAll(writer: PassageWriter, write: () => Promise<boolean>): Promise<void> {
  let whole = false;
  try {
    whole = await write();
  } catch (error) {
    await writer.end(false).catch(() => {}); // what went wrong first is what counts
    throw error;
  }
  await writer.end(whole);
}

/** Writes what stands in the file of a fill, and what comes to stand there. Whether that was all of it. */
async function writeGrowing(
  writer: PassageWriter,
  fill: CarriedFill,
  length: number,
  lost: AbortSignal,
): Promise<boolean> {
  const growing = new GrowingFile({ file: fill.file, length, state: fill.state });
  const unwatch = fill.watch(() => growing.update(fill));
  try {
    await growing.enter();
    try {
      for (let sent = 0; !lost.aborted; ) {
        const { state } = growing;
        if (state.kind === 'failed') return false;
        const have = state.kind === 'whole' ? length : state.have;
        if (have > sent) {
          const part = await growing.read(sent, Math.min(MAX_PART_BYTES, have - sent));
          if (part.length === 0 || !(await writer.add(part))) return false;
          sent += part.length;
        } else if (state.kind === 'whole') {
          return true;
        } else if (!(await changed(fill)) && !(await writer.beat())) {
          return false;
        }
      }
      return false;
    } finally {
      growing.leave();
    }
  } finally {
    unwatch();
  }
}

async function writeFile(writer: PassageWriter, file: string, length: number, lost: AbortSignal): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    let sent = 0;
    while (sent < length && !lost.aborted) {
      const part = await readPart(handle, sent, Math.min(MAX_PART_BYTES, length - sent));
      if (part.length === 0 || !(await writer.add(part))) return false;
      sent += part.length;
    }
    return sent === length;
  } finally {
    await handle.close();
  }
}

async function readPart(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

function replyOf(passage: Passage, head: PassageHead): Reply {
  const ending = new AbortController();
  const parts = passage.parts(ending.signal);
  const failed = (error: unknown): never => {
    const message = `what another machine fetches did not come whole: ${errorText(error)}`;
    throw new GateError('UPSTREAM_RESET', message, { fault: 'upstream', retry: true, cause: error });
  };
  return {
    status: 200,
    upstream: ANOTHER_MACHINE,
    url: new URL(head.url),
    headers: head.headers,
    length: head.length,
    start: 0,
    etag: head.etag,
    lastModified: head.lastModified,
    fileName: head.fileName,
    contentType: head.contentType,
    begun: [],
    rest: {
      next: async () => {
        const { value, done } = await parts.next().catch(failed);
        return done === true ? null : value;
      },
    },
    abort: () => ending.abort(),
  };
}
