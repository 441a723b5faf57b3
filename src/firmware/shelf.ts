// Owns the folders that hold firmware: whole images by their SHA-256, partial files, and the place for what is only
// passed through.
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { freeBytes } from '../base/disk.ts';
import { errorCode } from '../base/errors.ts';
import { ensurePrivateFolder } from '../base/files.ts';
import type { Leftover } from './leftovers.ts';
import { memoFile, Partial, type PartialMemo } from './partial.ts';

// The format of what stands in the folder.
const FOLDER = 'firmware-v1';
// A store that fills the disk to its last byte takes the log and the state with it.
const SPARE_BYTES = 16 * 1024 * 1024;
const SHARED_MEMORY = '/dev/shm';

const memoSchema = z.object({
  name: z.string(),
  length: z.number().int().positive().nullable(),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  fileName: z.string().nullable(),
  contentType: z.string(),
  startedMs: z.number(),
  bootId: z.string().nullable(),
});

export class Shelf {
  readonly #images: string;
  readonly #partials: string;
  readonly #passingPrefix: string;
  #passing: string | null = null;
  readonly bootId = readBootId();

  /** Makes the folders. What an earlier process passed through is removed. @throws {Error} with the system's code */
  constructor(stateDir: string) {
    this.#images = join(stateDir, FOLDER, 'images');
    this.#partials = join(stateDir, FOLDER, 'partial');
    const id = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
    this.#passingPrefix = join(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), `otagate-${id}-`);
    removePassed(this.#passingPrefix);
    for (const folder of [this.#images, this.#partials]) ensurePrivateFolder(folder);
  }

  image(sha256: string): string {
    return join(this.#images, sha256);
  }

  hasImage(sha256: string, length: number): boolean {
    try {
      return statSync(this.image(sha256)).size === length;
    } catch {
      return false;
    }
  }

  /** Whether that many bytes find room on the disk, and leave some. */
  hasRoom(bytes: number): boolean {
    return freeBytes(this.#partials) >= bytes + SPARE_BYTES;
  }

  /** A new partial file: to be kept, or only to be passed through. @throws {Error} with the system's code */
  create(memo: Omit<PartialMemo, 'bootId' | 'startedMs'>, nowMs: number, kept: boolean): Promise<Partial> {
    const whole = { ...memo, name: kept ? memo.name : null, bootId: this.bootId, startedMs: nowMs };
    if (!kept) return Partial.create(this.#passingFolder(), whole);
    return withFolder(this.#partials, () => Partial.create(this.#partials, whole));
  }

  /** Goes on in the place for what is not kept. @throws {Error} with the system's code */
  pass(partial: Partial): Promise<void> {
    return partial.moveTo(this.#passingFolder());
  }

  /** Memory of the machine where there is such a folder: what stands here is not kept. Others can guess no name in it. */
  #passingFolder(): string {
    this.#passing ??= mkdtempSync(this.#passingPrefix);
    return this.#passing;
  }

  close(): void {
    if (this.#passing !== null) rmSync(this.#passing, { recursive: true, force: true });
  }

  /** The partial files that earlier processes left behind and that can be gone on with, oldest first; the rest is removed. */
  leftovers(): Leftover[] {
    const entries = readdirSync(this.#partials);
    const parts = new Set(entries.filter((entry) => entry.endsWith('.part')));
    for (const entry of entries) {
      if (!parts.has(entry) && !parts.has(entry.replace(/\.json$/, '.part'))) remove(join(this.#partials, entry));
    }
    const usable: Leftover[] = [];
    for (const entry of parts) {
      const file = join(this.#partials, entry);
      const memo = readMemo(memoFile(file));
      if (memo?.name && memo.bootId !== null && memo.bootId === this.bootId) {
        usable.push({ file, memo });
      } else {
        remove(file);
        remove(memoFile(file));
      }
    }
    return usable.sort((a, b) => a.memo.startedMs - b.memo.startedMs);
  }

  /** Gives a whole and verified partial file its name for good. @throws {Error} with the system's code */
  async place(partial: Partial, sha256: string): Promise<void> {
    await partial.sync();
    if (!existsSync(this.#images)) ensurePrivateFolder(this.#images);
    // From here to the news of the new name, nothing may come between: who asks meanwhile would look for the old one.
    // Still open, so that it can be passed on where it gets no name.
    renameSync(partial.file, this.image(sha256));
    rmSync(memoFile(partial.file), { force: true });
    void partial.close();
    syncFolder(this.#images);
  }

  remove(sha256: string): void {
    remove(this.image(sha256));
  }

  /** Removes the files that no catalogue knows. */
  sweep(known: ReadonlySet<string>): void {
    for (const entry of readdirSync(this.#images)) if (!known.has(entry)) remove(join(this.#images, entry));
  }

  /** Whether the file still has the content that its name promises. Reads at the pace of the disk, in small pieces. */
  async isIntact(sha256: string): Promise<boolean> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(this.image(sha256), { highWaterMark: 256 * 1024 })) hash.update(chunk);
    } catch {
      return false;
    }
    return hash.digest('hex') === sha256;
  }
}

/** Somebody may tidy up behind the gate's back: the folder is made once more. */
async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    ensurePrivateFolder(folder);
    return work();
  }
}

/** What a process that was killed had passed through; another user's folder of such a name is left alone. */
function removePassed(prefix: string): void {
  for (const entry of readdirSync(dirname(prefix))) {
    if (!entry.startsWith(basename(prefix))) continue;
    try {
      rmSync(join(dirname(prefix), entry), { recursive: true, force: true });
    } catch {
      // not ours
    }
  }
}

/** What cannot be removed, on a file system that is read-only, is left. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // it is looked at again at the next start
  }
}

function readMemo(file: string): PartialMemo | null {
  try {
    return memoSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
