// Owns the fills that run: begun once for each name, gone on with after a failure, and what becomes of them at their end.
import { errorText, type GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import { HEAD_BYTES } from '../ota/image.ts';
import { type Fetcher, fetchBody, type Place, type Reply } from './fetch.ts';
import { cleanFileName } from './file-name.ts';
import { Fill, type FillEnd, type FillTask, type GoodVerdict } from './fill.ts';
import { otherPromise, tooManyFills } from './fill-faults.ts';
import { isStorable, type NameMemo, policyOf } from './freshness.ts';
import type { Library } from './library.ts';
import { confirmsPromise, type PromiseHint } from './link-identity.ts';
import { isNoRoom, Partial, type PartialMemo } from './partial.ts';
import type { PassingImages } from './passing.ts';
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
  totals: CacheTotals;
};

type Policy = NameMemo['policy'];
type Begun = {
  name: string | null;
  place: Place;
  oneTime: boolean;
  policy: Policy;
  secondTry: boolean;
  /** What the replies of one-time links must confirm: a device that lies about its board brings another board's bytes. */
  promise: PromiseHint | null;
};

// A corrupt file stays corrupt until somebody uploads it again: a fleet does not fetch it once for each device.
const REFUSE_MS = 30_000;
const MAX_REFUSED = 1_000;
// Each fill holds a connection and a file: links that somebody makes up must not take all of them.
export const MAX_FILLS = 64;

export class Fills {
  readonly #parts: FillsParts;
  readonly #running = new Map<string, Fill>();
  readonly #all = new Set<Fill>();
  readonly #leftovers: Map<string, { file: string; memo: PartialMemo }>;
  readonly #refused = new Map<string, { error: GateError; untilMs: number }>();
  #stopping = false;

  constructor(parts: FillsParts) {
    this.#parts = parts;
    this.#leftovers = parts.shelf.leftovers(Date.now());
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

  /** Names of partial files that wait to be gone on with. */
  leftovers(): string[] {
    return [...this.#leftovers.keys()];
  }

  begin(
    name: string | null,
    place: Place,
    reply: Reply,
    oneTime: boolean,
    policy: Policy,
    promise: PromiseHint | null = null,
  ): Fill {
    if (this.#all.size >= MAX_FILLS) {
      reply.abort();
      throw tooManyFills();
    }
    return this.#launch({ name, place, oneTime, policy, secondTry: false, promise }, reply, null);
  }

  /** Goes on with what an earlier fill of this name left behind; null where there is nothing. */
  async resume(name: string, place: Place, oneTime: boolean, promise: PromiseHint | null): Promise<Fill | null> {
    const leftover = this.#leftovers.get(name);
    if (leftover === undefined) return null;
    this.#leftovers.delete(name);
    try {
      const partial = await Partial.resume(leftover.file, leftover.memo);
      const begun = { name, place, oneTime, policy: null, secondTry: false, promise };
      return this.#launch(begun, null, { file: leftover.file, partial });
    } catch (error) {
      this.#parts.log.warn(
        { event: 'partial-lost', detail: errorText(error) },
        'a partial firmware file cannot be gone on with: it is fetched from its beginning',
      );
      return null;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const fill of this.#all) fill.abort();
    await Promise.all([...this.#all].map(({ done }) => done));
  }

  #launch(begun: Begun, reply: Reply | null, leftover: FillTask['leftover']): Fill {
    const { fetcher, shelf, log, totals } = this.#parts;
    const { name, place, oneTime } = begun;
    const fill = new Fill({
      shelf,
      log,
      name,
      kept: name !== null,
      oneTime,
      place,
      open: async (from, headers, signal) => {
        const opened = await fetchBody(fetcher, from, headers, signal);
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
      keep: (whole, verdict, partial) => this.#keep(begun, whole, verdict, partial),
    });
    totals.fills += 1;
    this.#all.add(fill);
    if (name !== null) this.#running.set(name, fill);
    const startedMs = Date.now();
    void fill.done.then((end) => this.#onEnd(begun, fill, end, Date.now() - startedMs));
    return fill;
  }

  #onEnd(begun: Begun, fill: Fill, end: FillEnd, ms: number): void {
    const { log, totals } = this.#parts;
    const { name } = begun;
    this.#all.delete(fill);
    if (name !== null && this.#running.get(name) === fill) this.#running.delete(name);
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
    if (name !== null && end.leftover !== null) this.#leftovers.set(name, end.leftover);
    if (this.#stopping) end.next?.abort();
    else if (end.next !== null) this.#launch(begun, end.next, null);
    else this.#perhapsAgain(begun, fill, error);
  }

  /** What is corrupt may have been so by its way only: it is fetched again, once. */
  #perhapsAgain(begun: Begun, fill: Fill, error: GateError): void {
    const again = ['FIRMWARE_CORRUPT', 'FIRMWARE_CHANGED', 'FIRMWARE_UNFIT'].includes(error.code);
    if (!again || begun.name === null) return;
    const place = fill.places.fresh();
    if (!begun.secondTry && place !== null) return void this.#launch({ ...begun, place, secondTry: true }, null, null);
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size < MAX_REFUSED) break;
      this.#refused.delete(oldest);
    }
    this.#refused.set(begun.name, { error, untilMs: Date.now() + REFUSE_MS });
  }

  async #keep(begun: Begun, fill: Fill, verdict: GoodVerdict, partial: Partial): Promise<string | null> {
    const { library, shelf, settings, passing, log } = this.#parts;
    const { memo } = partial;
    const nowMs = Date.now();
    const fileName = cleanFileName(memo.fileName ?? 'firmware.bin');
    const lastModifiedMs = readDate(memo.lastModified);
    if (
      fill.kept &&
      isStorable(begun.policy) &&
      (library.image(verdict.sha256) !== undefined || library.makeRoom(verdict.length, settings().maxBytes))
    ) {
      const head = (await partial.read(0, HEAD_BYTES)).toString('hex');
      try {
        await shelf.place(partial, verdict.sha256);
        library.add({
          sha256: verdict.sha256,
          kind: verdict.kind,
          length: verdict.length,
          fileName,
          contentType: memo.contentType,
          facts: { ...verdict.facts },
          pinned: false,
          addedMs: nowMs,
          offeredMs: nowMs,
        });
        if (begun.name !== null) {
          const { etag, lastModified } = memo;
          const kept: NameMemo = {
            policy: begun.policy,
            length: verdict.length,
            fileName: memo.fileName,
            etag,
            lastModified,
            head,
          };
          library.name({ name: begun.name, sha256: verdict.sha256, checkedMs: nowMs, usedMs: nowMs, memo: kept });
        }
        return shelf.image(verdict.sha256);
      } catch (error) {
        if (!isNoRoom(error)) throw error;
        log.warn(
          { event: 'firmware-not-kept', detail: errorText(error) },
          'the disk does not take a firmware: it is passed on',
        );
      }
    } else if (fill.kept && isStorable(begun.policy)) {
      log.warn(
        { event: 'firmware-store-full', bytes: library.bytes(), maxBytes: settings().maxBytes },
        `no room in the firmware store for ${printable(fileName, 120)}, since all that is there is pinned or current: raise firmware.maxBytes or purge something`,
      );
    }
    if (fill.kept) await shelf.pass(partial);
    await partial.close();
    const { contentType } = memo;
    const image = {
      id: fill.id,
      sha256: verdict.sha256,
      file: partial.file,
      length: verdict.length,
      fileName,
      contentType,
      lastModifiedMs,
      app: verdict.facts,
    };
    passing.add(isStorable(begun.policy) ? begun.name : null, image, nowMs);
    return partial.file;
  }
}

function readDate(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
