// Owns what is known of the images that are there: the catalogue in memory, written through to the state, its bounds, and
// the check of bytes that come back from disk.

import CachePolicy from 'http-cache-semantics';
import { z } from 'zod';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type Catalogue, type KeptImage, type KeptName, MAX_NAMES } from '../store/catalogue.ts';
import { notStored } from './fill-faults.ts';
import type { NameMemo } from './freshness.ts';
import type { Shelf } from './shelf.ts';

export type Entry = { name: string; sha256: string; checkedMs: number; usedMs: number; memo: NameMemo };

const MAX_IMAGES = 1_000;
// Which of two images was asked for later matters to the day, not to the second.
const OFFERED_EVERY_MS = 60_000;
const CHECK_PAUSE_MS = 50;

const memoSchema = z.object({
  policy: z.custom<NameMemo['policy']>(isPolicy),
  length: z.number(),
  fileName: z.string().nullable(),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  head: z.string(),
});

export class Library {
  readonly #catalogue: Catalogue;
  readonly #shelf: Shelf;
  readonly #log: Log;
  readonly #images = new Map<string, KeptImage>();
  readonly #entries = new Map<string, Entry>();
  /** Images whose bytes were right at some time since this process began. */
  readonly #checked = new Set<string>();
  readonly #checking = new Map<string, Promise<boolean>>();
  /** Hears of every image that comes or goes. */
  onChange: () => void = () => {};
  /** Hears when a link may lead to other bytes than before: an image went, or a name stands for another one. */
  onOtherBytes: () => void = () => {};
  /** Images that stay for a reason of somebody else's: a rollout sends them, or may have to go back to them. */
  needed: () => ReadonlySet<string> = () => new Set();

  /** Reads the catalogue; what has no file goes, and files that no catalogue knows go too. */
  constructor(catalogue: Catalogue, shelf: Shelf, log: Log) {
    this.#catalogue = catalogue;
    this.#shelf = shelf;
    this.#log = log;
    for (const image of catalogue.images()) {
      if (shelf.hasImage(image.sha256, image.length)) this.#images.set(image.sha256, image);
      else this.#lose(image, 'its file is missing or has another length');
    }
    for (const kept of catalogue.names()) this.#take(kept);
    shelf.sweep(new Set(this.#images.keys()));
  }

  images(): KeptImage[] {
    return [...this.#images.values()];
  }

  image(sha256: string): KeptImage | undefined {
    return this.#images.get(sha256);
  }

  entry(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  /** The names that stand for an image. */
  namesOf(sha256: string): string[] {
    return [...this.#entries.values()].filter((entry) => entry.sha256 === sha256).map(({ name }) => name);
  }

  /** The app of this length that begins with these bytes (hexadecimal), or null. */
  findApp(head: string, length: number): string | null {
    for (const { memo, sha256 } of this.#entries.values())
      if (memo.head === head && memo.length === length && this.#images.get(sha256)?.kind === 'app') return sha256;
    return null;
  }

  /** The one image whose SHA-256 begins so, its bytes looked at. @throws {GateError} FIRMWARE_UNKNOWN for what is not here */
  async stored(begin: string): Promise<string> {
    const [sha256, ...others] = [...this.#images.keys()].filter((known) => known.startsWith(begin));
    if (sha256 === undefined || others.length > 0 || !(await this.check(sha256))) throw notStored();
    return sha256;
  }

  isChecked(sha256: string): boolean {
    return this.#checked.has(sha256);
  }

  /** Whether the bytes are those that the name promises; one that fails is dropped, loudly. */
  check(sha256: string): Promise<boolean> {
    const known = this.#images.get(sha256);
    if (known === undefined) return Promise.resolve(false);
    if (!this.#shelf.hasImage(sha256, known.length)) {
      this.#lose(known, 'its file is gone or has another length');
      return Promise.resolve(false);
    }
    if (this.#checked.has(sha256)) return Promise.resolve(true);
    const running = this.#checking.get(sha256) ?? this.#readAgain(known);
    this.#checking.set(sha256, running);
    return running;
  }

  async #readAgain(image: KeptImage): Promise<boolean> {
    const intact = await this.#shelf.isIntact(image.sha256);
    this.#checking.delete(image.sha256);
    if (intact) this.#checked.add(image.sha256);
    else this.#lose(image, 'its bytes on the disk have changed');
    return intact;
  }

  /** Reads every image that was not looked at yet, one after the other, until `signal` ends it. */
  async checkAll(signal: AbortSignal): Promise<void> {
    for (const sha256 of [...this.#images.keys()]) {
      if (signal.aborted) return;
      if (this.#checked.has(sha256)) continue;
      await this.check(sha256);
      await new Promise((resolve) => setTimeout(resolve, CHECK_PAUSE_MS).unref());
    }
  }

  /** Forgets that images were checked, so that the next look reads them again. */
  uncheck(sha256s: readonly string[]): void {
    for (const sha256 of sha256s) this.#checked.delete(sha256);
  }

  add(image: KeptImage): void {
    const before = this.#images.get(image.sha256);
    const kept = before === undefined ? image : { ...before, addedMs: image.addedMs, offeredMs: image.offeredMs };
    this.#images.set(image.sha256, kept);
    this.#checked.add(image.sha256);
    this.#write((catalogue) => catalogue.putImage(kept));
    this.onChange();
  }

  name(entry: Entry): void {
    const before = this.#entries.get(entry.name);
    // In the order of their use, like the catalogue's own bound.
    this.#entries.delete(entry.name);
    this.#entries.set(entry.name, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_NAMES) break;
      this.#entries.delete(oldest);
    }
    this.#write((catalogue) => catalogue.putName(entry));
    if (before !== undefined && before.sha256 !== entry.sha256) this.onOtherBytes();
  }

  /** Takes a name that another machine knows, where its image is here; the later look counts. */
  learn(kept: KeptName): void {
    const before = this.#entries.get(kept.name);
    if (!this.#images.has(kept.sha256) || (before !== undefined && before.checkedMs >= kept.checkedMs)) return;
    const memo = memoSchema.safeParse(kept.memo);
    if (memo.success) this.name({ ...kept, memo: memo.data });
  }

  forgetName(name: string): void {
    this.#entries.delete(name);
    this.#write((catalogue) => catalogue.removeName(name));
    this.onOtherBytes();
  }

  /** Notes that an image was asked for: those asked for longest ago go first when room is needed. */
  offered(sha256: string, nowMs: number): void {
    const image = this.#images.get(sha256);
    if (image === undefined || nowMs - image.offeredMs < OFFERED_EVERY_MS) return;
    this.#images.set(sha256, { ...image, offeredMs: nowMs });
    this.#write((catalogue) => catalogue.offered(sha256, nowMs));
  }

  pin(sha256: string, pinned: boolean): void {
    const image = this.#images.get(sha256);
    if (image === undefined) return;
    this.#images.set(sha256, { ...image, pinned });
    this.#write((catalogue) => catalogue.pin(sha256, pinned));
  }

  remove(sha256: string): void {
    this.#images.delete(sha256);
    this.#checked.delete(sha256);
    for (const [name, entry] of this.#entries) if (entry.sha256 === sha256) this.#entries.delete(name);
    this.#write((catalogue) => catalogue.removeImage(sha256));
    this.#shelf.remove(sha256);
    this.onChange();
    this.onOtherBytes();
  }

  bytes(): number {
    return this.images().reduce((sum, { length }) => sum + length, 0);
  }

  /** Whether `length` bytes more find room without any image leaving. */
  hasRoom(length: number, maxBytes: number): boolean {
    return this.bytes() + length <= maxBytes && this.#images.size < MAX_IMAGES;
  }

  /**
   * Makes room for `length` bytes more: images that were asked for longest ago go, but none that is pinned, nor the one
   * that was offered last for a board. False where that is not enough; then nothing goes.
   */
  makeRoom(length: number, maxBytes: number): boolean {
    const current = currentImages(this.images());
    const needed = this.needed();
    const spare = this.images()
      .filter((image) => !image.pinned && !current.has(image.sha256) && !needed.has(image.sha256))
      .sort((a, b) => a.offeredMs - b.offeredMs);
    const leaving: KeptImage[] = [];
    let bytes = this.bytes();
    let count = this.#images.size;
    while (bytes + length > maxBytes || count >= MAX_IMAGES) {
      const next = spare.shift();
      if (next === undefined) return false;
      leaving.push(next);
      bytes -= next.length;
      count -= 1;
    }
    for (const image of leaving) {
      this.#log.info(
        { event: 'firmware-evicted', sha256: image.sha256, fileName: image.fileName, bytes: image.length },
        `${image.fileName} leaves the store to make room (firmware.maxBytes)`,
      );
      this.remove(image.sha256);
    }
    return true;
  }

  /** A full disk costs what is remembered after a restart, never a download. */
  #write(work: (catalogue: Catalogue) => void): void {
    try {
      work(this.#catalogue);
    } catch (error) {
      this.#log.warn(
        { event: 'catalogue-not-written', detail: errorText(error) },
        'the firmware catalogue cannot be written: after a restart, some firmware is fetched again',
      );
    }
  }

  #take(kept: KeptName): void {
    const memo = memoSchema.safeParse(kept.memo);
    if (memo.success && this.#images.has(kept.sha256)) this.#entries.set(kept.name, { ...kept, memo: memo.data });
    else this.#write((catalogue) => catalogue.removeName(kept.name));
  }

  #lose(image: KeptImage, why: string): void {
    this.#log.error(
      { event: 'firmware-lost', sha256: image.sha256, fileName: image.fileName, why },
      `${image.fileName} is dropped from the store, ${why}: it is fetched again when a device asks for it`,
    );
    this.remove(image.sha256);
  }
}

/** The image that was offered last, for each board and kind of file: `bread-compact_2.0.0.bin` is of `bread-compact`. */
export function currentImages(images: readonly KeptImage[]): Set<string> {
  const newest = new Map<string, KeptImage>();
  for (const image of images) {
    const family = `${image.kind} ${image.fileName.replace(/_[^_]*$/, '')}`;
    const other = newest.get(family);
    if (other === undefined || image.offeredMs >= other.offeredMs) newest.set(family, image);
  }
  return new Set([...newest.values()].map(({ sha256 }) => sha256));
}

function isPolicy(value: unknown): boolean {
  if (value === null) return true;
  try {
    CachePolicy.fromObject(value as CachePolicy.CachePolicyObject);
    return true;
  } catch {
    return false;
  }
}
