// Owns the fills that run: begun once for each name, gone on with after a failure, and what becomes of them at their end.
import type { GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import { type Fetcher, fetchBody, type Place, type Reply } from './fetch.ts';
import { Fill, type FillEnd, MAX_IMAGE_BYTES } from './fill.ts';
import { otherPromise, tooManyFills } from './fill-faults.ts';
import { FillPlaces } from './fill-places.ts';
import { type NameMemo, policyOf } from './freshness.ts';
import { keepImage } from './keeping.ts';
import { type Leftover, Leftovers } from './leftovers.ts';
import type { Library } from './library.ts';
import { confirmsPromise, type PromiseHint } from './link-identity.ts';
import type { PartialMemo } from './partial.ts';
import type { PassingImages } from './passing.ts';
import { fetchInTurn, type Sharing } from './sharing.ts';
import type { Shelf } from './shelf.ts';

export type CacheSettings = { maxBytes: number; recheckMs: number };

/** Counted since the start. */
export type CacheTotals = {
  hits: number;
  joined: number;
  revalidations: number;
  stale: number;
  fills: number;
  failedFills: number;
  upstreamBytes: number;
};

export function newTotals(): CacheTotals {
  return { hits: 0, joined: 0, revalidations: 0, stale: 0, fills: 0, failedFills: 0, upstreamBytes: 0 };
}

export type FillsParts = {
  library: Library;
  shelf: Shelf;
  passing: PassingImages;
  fetcher: Fetcher;
  log: Log;
  settings: () => CacheSettings;
  sharing: Sharing;
  totals: CacheTotals;
};

type Policy = NameMemo['policy'];
type Begun = {
  name: string | null;
  places: FillPlaces;
  oneTime: boolean;
  policy: Policy;
  /** How many fills began by themselves before this one, since the bytes of the last one were wrong or changed. */
  again: number;
  /** What the replies of one-time links must confirm: a device that lies about its board brings another board's bytes. */
  promise: PromiseHint | null;
};

// A corrupt file stays corrupt until somebody uploads it again: a fleet does not fetch it once for each device.
const REFUSE_MS = 30_000;
const MAX_REFUSED = 1_000;
// What is corrupt may have been so by its way only, and a file is not replaced twice while it is fetched.
const MOST_AGAIN = { wrong: 1, replaced: 2 };
// Each fill holds a connection and a file: links that somebody makes up must not take all of them.
export const MAX_FILLS = 64;
// Of these for one client alone: whoever sends credentials gets bytes of its own.
const MAX_FILLS_FOR_ONE = 16;
// Images that are not kept, whole or on their way.
const MAX_PASSING_BYTES = 256 * 1024 * 1024;

export class Fills {
  readonly #parts: FillsParts;
  readonly #running = new Map<string, Fill>();
  readonly #all = new Set<Fill>();
  readonly #leftovers: Leftovers;
  readonly #refused = new Map<string, { error: GateError; untilMs: number }>();
  #stopping = false;

  constructor(parts: FillsParts) {
    this.#parts = parts;
    this.#leftovers = new Leftovers(parts.shelf.leftovers(), Date.now());
  }

  /** The fill that runs under this name. @throws {GateError} FIRMWARE_CORRUPT where it just failed twice */
  get(name: string): Fill | undefined {
    const refused = this.#refused.get(name);
    if (refused !== undefined && refused.untilMs > Date.now()) throw refused.error;
    return this.#running.get(name);
  }

  /** Why the last fill of this name brought nothing that could be served; null where it did, and for one that never ran. */
  failedLast(name: string): GateError | null {
    return this.#refused.get(name)?.error ?? null;
  }

  /** All that run, with a name or without. */
  all(): Fill[] {
    return [...this.#all];
  }

  readonly running = (name: string): Fill | undefined => this.#running.get(name);

  /** Names of partial files that wait to be gone on with. */
  leftovers(): string[] {
    return this.#leftovers.names();
  }

  /** Removes the partial files that nobody came for. */
  sweep(nowMs: number): void {
    this.#leftovers.sweep(nowMs);
  }

  /** The fill of the app that begins with these bytes (hexadecimal) and has this length. */
  ofApp(head: string, length: number | null): Fill | undefined {
    return [...this.#all].find((fill) => fill.appHead === head && fill.length === length);
  }

  /** Begins a fill with a reply, which it goes on with where an earlier one of the same bytes broke off. */
  begin(
    name: string | null,
    place: Place,
    reply: Reply,
    oneTime: boolean,
    policy: Policy,
    promise: PromiseHint | null = null,
  ): Fill {
    const forOne = [...this.#all].filter((fill) => fill.name === null).length;
    if (this.#all.size >= MAX_FILLS || (name === null && forOne >= MAX_FILLS_FOR_ONE)) {
      reply.abort();
      throw tooManyFills();
    }
    const places = new FillPlaces(place, oneTime, true);
    const begun = { name, places, oneTime, policy, again: 0, promise };
    const leftover = name === null ? null : this.#leftovers.take(name, (memo) => mayBeOf(memo, reply));
    return this.#launch(begun, reply, leftover);
  }

  /** Goes on with what an earlier fill of this stable name left behind; null where there is nothing. */
  resume(name: string, place: Place): Fill | null {
    const leftover = this.#leftovers.take(name);
    if (leftover === null) return null;
    const places = new FillPlaces(place, false, false);
    return this.#launch({ name, places, oneTime: false, policy: null, again: 0, promise: null }, null, leftover);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const fill of this.#all) fill.abort();
    await Promise.all([...this.#all].map(({ done }) => done));
  }

  #launch(begun: Begun, reply: Reply | null, leftover: Leftover | null): Fill {
    const { fetcher, shelf, log, totals, sharing } = this.#parts;
    const { name, places, oneTime } = begun;
    let turn = reply?.turn;
    const fill = new Fill({
      shelf,
      log,
      name,
      kept: name !== null,
      places,
      mayPass: (bytes) => this.#passingBytes(places) + bytes <= MAX_PASSING_BYTES,
      open: async (from, headers, signal) => {
        const fetch = (): Promise<Reply> => fetchBody(fetcher, from, headers, signal);
        const inTurn = name !== null && turn?.held() !== true;
        const options = { promise: begun.promise, running: true, signal };
        const opened = inTurn ? await fetchInTurn(sharing, name, options, fetch) : await fetch();
        turn = opened.turn ?? turn;
        opened.turn?.carry(fill);
        if (begun.promise !== null && !confirmsPromise(opened.fileName, begun.promise)) {
          opened.abort();
          throw otherPromise(from);
        }
        // One that is picked up has its words from the reply that it goes on with.
        if (!oneTime) begun.policy ??= policyOf(from, opened).toObject();
        return opened;
      },
      reply,
      leftover,
      keep: (whole, verdict, partial) => keepImage(this.#parts, begun, whole, verdict, partial),
    });
    turn?.carry(fill);
    totals.fills += 1;
    this.#all.add(fill);
    if (name !== null) this.#running.set(name, fill);
    const startedMs = Date.now();
    fill.done
      .then((end) => this.#onEnd(begun, fill, end, Date.now() - startedMs))
      // Whatever is wrong with one image ends nothing but its fill.
      .catch((error: unknown) => {
        this.#forget(fill);
        log.error({ event: 'fill-end-failed', err: error }, 'the end of a fill went wrong');
      });
    return fill;
  }

  #onEnd(begun: Begun, fill: Fill, end: FillEnd, ms: number): void {
    const { log, totals } = this.#parts;
    const { name } = begun;
    this.#forget(fill);
    totals.upstreamBytes += fill.fetched;
    const fileName = printable(fill.memo?.fileName ?? '', 120);
    if (end.kind === 'whole') {
      if (name !== null) this.#refused.delete(name);
      const { sha256, length, kind } = end.verdict;
      const facts = { event: 'firmware-filled', fileName, sha256, bytes: length, fetched: fill.fetched, kind, ms };
      if (kind === 'merged')
        log.error(
          facts,
          `${fileName} is a merged image, which no device can take: cut the app out by \`otagate firmware extract ${sha256.slice(0, 12)}\``,
        );
      else log.info(facts, `${fileName || 'a firmware'} is here whole and right: ${length} bytes`);
      return;
    }
    totals.failedFills += 1;
    const { error } = end;
    const level = this.#stopping ? 'info' : 'error';
    log[level](
      {
        event: 'firmware-failed',
        fileName,
        code: error.code,
        detail: error.message,
        fetched: fill.fetched,
        ...error.facts,
      },
      `fetching ${fileName || 'a firmware'} failed: ${error.message}`,
    );
    if (end.leftover !== null) this.#leftovers.put(end.leftover);
    const next = { ...begun, again: begun.again + 1 };
    if (!this.#stopping && end.next !== null && begun.again < MOST_AGAIN.replaced)
      return void this.#launch(next, end.next, null);
    end.next?.abort();
    const again = ['FIRMWARE_CORRUPT', 'FIRMWARE_CHANGED', 'FIRMWARE_UNFIT'].includes(error.code);
    if (this.#stopping || !again || name === null) return;
    if (begun.again < MOST_AGAIN.wrong && fill.places.hasMore()) return void this.#launch(next, null, null);
    this.#refuse(name, error);
  }

  #forget(fill: Fill): void {
    this.#all.delete(fill);
    if (fill.name !== null && this.#running.get(fill.name) === fill) this.#running.delete(fill.name);
  }

  /** What stands in memory, on its way only, but for the fill from these places. */
  #passingBytes(but: FillPlaces): number {
    const running = [...this.#all].filter((fill) => !fill.kept && fill.places !== but);
    return running.reduce((sum, { length }) => sum + (length ?? MAX_IMAGE_BYTES), this.#parts.passing.bytes());
  }

  #refuse(name: string, error: GateError): void {
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size < MAX_REFUSED) break;
      this.#refused.delete(oldest);
    }
    this.#refused.set(name, { error, untilMs: Date.now() + REFUSE_MS });
  }
}

/** Whether a reply can bring the rest of what is there: where it cannot, its bytes differ, and begin anew. */
function mayBeOf(memo: PartialMemo, { length, etag }: Reply): boolean {
  return memo.length === length && (memo.etag === null || etag === null || memo.etag === etag);
}
