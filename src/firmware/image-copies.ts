// Owns this machine's copies of the images that other machines have: taken as they pass, or asked for where they have
// passed already, so that each is fetched once for all.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { readImage, readName, type SharedImage, type SharedName } from '../store/shared-state.ts';
import { bodyOf, type Reply } from './fetch.ts';
import type { Fills } from './fills.ts';
import type { Library } from './library.ts';
import type { FirmwareOperations } from './operations.ts';
import { type PassageHead, passageName, type SharedFills } from './shared-fills.ts';

type News = { name: string; value: unknown };

export type ImageCopiesParts = {
  cache: { library: Library; fills: Pick<Fills, 'running'> };
  operations: Pick<FirmwareOperations, 'add'>;
  fileOf: (sha256: string) => string;
  fills: Pick<SharedFills, 'follow' | 'passOn'>;
  records: { put: (name: string, value: unknown) => void; list: (prefix: string) => News[] };
  maxBytes: () => number;
  /** How long another machine may take to begin to pass on what it was asked for, and the pauses before it is asked again. */
  patience?: { askMs: number; againMs: readonly number[] };
  log: Log;
  signal: AbortSignal;
};

const wantSchema = z.object({ atMs: z.number() });
// A fill of this machine may bring it in the same moment.
const SETTLE_MS = 500;
const LOOK_MS = 100;
const WANT_LIFE_MS = 60_000;
const MAX_QUEUED = 1_000;
// The machine that has it may just be started anew.
const PATIENCE = { askMs: 5_000, againMs: [5_000, 30_000, 120_000] };

export class ImageCopies {
  readonly #parts: ImageCopiesParts;
  /** What others told of while this machine runs, with how often it was tried; it goes before what they had already. */
  readonly #news = new Map<string, number>();
  readonly #backlog = new Set<string>();
  readonly #passedOn = new Set<string>();
  #busy = false;

  constructor(parts: ImageCopiesParts) {
    this.#parts = parts;
  }

  /**
   * Looks for what the others have and this machine has not; the newest first, as far as there is room: most of what is
   * missing has left a store to make room, here or everywhere.
   */
  start(): void {
    const { records, cache } = this.#parts;
    for (const { value } of records.list('name/')) this.#learn(readName(value));
    const images = records.list('image/').flatMap(({ value }) => readImage(value) ?? []);
    for (const { sha256 } of images.sort((a, b) => b.changedMs - a.changedMs))
      if (cache.library.image(sha256) === undefined && this.#backlog.size < MAX_QUEUED) this.#backlog.add(sha256);
    void this.#work();
  }

  take(news: readonly News[]): void {
    const { library } = this.#parts.cache;
    for (const { name, value } of news) {
      const id = name.slice(name.indexOf('/') + 1);
      if (name.startsWith('name/')) this.#learn(readName(value));
      if (name.startsWith('want/')) void this.#passOn(id, wantSchema.safeParse(value).data?.atMs ?? null);
      if (!name.startsWith('image/')) continue;
      const image = readImage(value);
      const here = library.image(id);
      if (image === null && here !== undefined) library.remove(id);
      if (image !== null && here !== undefined && here.pinned !== image.pinned) library.pin(id, image.pinned);
      if (image !== null && here === undefined) this.#want(id);
    }
  }

  #learn(known: SharedName | null): void {
    if (known !== null) this.#parts.cache.library.learn({ ...known, usedMs: known.checkedMs });
  }

  #want(sha256: string, tried = 0): void {
    if (this.#news.size < MAX_QUEUED) this.#news.set(sha256, tried);
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let missing = 0;
    while (!this.#parts.signal.aborted) {
      const [fresh] = this.#news;
      const [old] = this.#backlog;
      if (fresh !== undefined) {
        const [sha256, tried] = fresh;
        this.#news.delete(sha256);
        await this.#copy(sha256).catch((error: unknown) => this.#failed(sha256, tried, error));
      } else if (old !== undefined) {
        this.#backlog.delete(old);
        if (this.#fits(old))
          await this.#copy(old).catch(() => {
            missing += 1;
          });
      } else break;
    }
    this.#busy = false;
    if (missing > 0)
      this.#parts.log.info(
        { event: 'images-not-here', count: missing },
        `${missing} images that other machines once had could be had from none of them: they left to make room, or their machine is away`,
      );
  }

  #fits(sha256: string): boolean {
    const { cache, records, maxBytes } = this.#parts;
    const image = readImage(records.list(`image/${sha256}`)[0]?.value);
    return image !== null && (image.pinned || cache.library.hasRoom(image.length, maxBytes()));
  }

  #failed(sha256: string, tried: number, error: unknown): void {
    const { log, signal, patience = PATIENCE } = this.#parts;
    if (signal.aborted) return;
    const againMs = patience.againMs[tried];
    const next =
      againMs === undefined
        ? 'a device gets it where its link leads to a server; one that was added by hand has to be added here, too'
        : `it is tried again in ${againMs / 1_000} s`;
    log.warn(
      { event: 'image-not-copied', sha256, detail: errorText(error) },
      `an image that other machines have did not come here (${errorText(error)}): ${next}`,
    );
    if (againMs !== undefined) setTimeout(() => this.#want(sha256, tried + 1), againMs).unref();
  }

  async #copy(sha256: string): Promise<void> {
    const { cache, operations, records, log } = this.#parts;
    await sleep(SETTLE_MS);
    const names = records
      .list('name/')
      .flatMap(({ value }) => readName(value) ?? [])
      .filter((known) => known.sha256 === sha256);
    await Promise.all(names.map(({ name }) => cache.fills.running(name)?.done));
    const image = readImage(records.list(`image/${sha256}`)[0]?.value);
    if (image === null || cache.library.image(sha256) !== undefined) return this.#learnAll(names);
    const reply = (await this.#passing(names)) ?? (await this.#asked(sha256));
    if (reply === null) throw new Error('no machine that has it answers');
    // As old as it is elsewhere: what comes late is not the newest of its boards.
    const added = await operations.add(bodyOf(reply), image.fileName, image.changedMs);
    if (added.sha256 !== sha256) throw new Error('other bytes came under its name');
    if (image.pinned) cache.library.pin(sha256, true);
    this.#learnAll(names);
    log.info(
      { event: 'image-copied', sha256, fileName: image.fileName, bytes: image.length },
      `${image.fileName} was copied from another machine: ${image.length} bytes`,
    );
  }

  #learnAll(names: readonly SharedName[]): void {
    for (const known of names) this.#learn(known);
  }

  async #passing(names: readonly SharedName[]): Promise<Reply | null> {
    for (const { name } of names) {
      const reply = await this.#parts.fills.follow(passageName(name));
      if (reply !== null) return reply;
    }
    return null;
  }

  async #asked(sha256: string): Promise<Reply | null> {
    const { records, fills, signal, patience = PATIENCE } = this.#parts;
    records.put(`want/${sha256}`, { atMs: Date.now() });
    try {
      for (
        const end = performance.now() + patience.askMs;
        performance.now() < end && !signal.aborted;
        await sleep(LOOK_MS)
      ) {
        const reply = await fills.follow(sha256);
        if (reply !== null) return reply;
      }
      return null;
    } finally {
      records.put(`want/${sha256}`, null);
    }
  }

  async #passOn(sha256: string, atMs: number | null): Promise<void> {
    const { cache, fills, fileOf } = this.#parts;
    const image = cache.library.image(sha256);
    if (image === undefined || atMs === null || Math.abs(Date.now() - atMs) > WANT_LIFE_MS) return;
    // Who wants it meanwhile follows the same passage: a second one would break off the first.
    if (this.#passedOn.has(sha256)) return;
    this.#passedOn.add(sha256);
    try {
      if (await cache.library.check(sha256)) await fills.passOn(sha256, headOf(image), fileOf(sha256));
    } finally {
      this.#passedOn.delete(sha256);
    }
  }
}

function headOf({ sha256, length, fileName, contentType }: Omit<SharedImage, 'changedMs'>): PassageHead {
  const url = `http://image.invalid/${sha256}`;
  return { url, headers: {}, length, etag: null, lastModified: null, fileName, contentType };
}
