// Owns a partial file: the bytes of one image as they come, and beside them what is needed to go on after a restart.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a partial file is a part of. */
export type PartialMemo = {
  /** The link's name for the cache; null where nobody else may have these bytes. */
  name: string | null;
  /** Of the whole file; null where the upstream does not say. */
  length: number | null;
  etag: string | null;
  lastModified: string | null;
  fileName: string | null;
  contentType: string;
  startedMs: number;
  /** The run of the machine in which the bytes were written. A machine that lost its power may have lost any of them. */
  bootId: string | null;
};

const COPY_BYTES = 1024 * 1024;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'ENOENT']);

/** Whether a write failed for want of a place to write to. */
export function isNoRoom(error: unknown): boolean {
  return error instanceof Error && NO_ROOM.has(String((error as NodeJS.ErrnoException).code));
}

/** A file that grows. One writer; readers open the same path, and know from the fill how far they may read. */
export class Partial {
  readonly memo: PartialMemo;
  #file: string;
  #handle: FileHandle;
  #have: number;

  private constructor(file: string, handle: FileHandle, have: number, memo: PartialMemo) {
    this.#file = file;
    this.#handle = handle;
    this.#have = have;
    this.memo = memo;
  }

  /**
   * Begins an empty one in this folder. Where it has a name, its memo is written beside it.
   * @throws {Error} with the system's code
   */
  static async create(folder: string, memo: PartialMemo): Promise<Partial> {
    const file = join(folder, `${randomBytes(12).toString('hex')}.part`);
    // No fsync: after a loss of power, neither of the two is believed.
    if (memo.name !== null) await writeFile(memoFile(file), JSON.stringify(memo), { mode: 0o600 });
    return new Partial(file, await open(file, 'wx+', 0o600), 0, memo);
  }

  /** Goes on with one that an earlier process left behind. @throws {Error} with the system's code */
  static async resume(file: string, memo: PartialMemo): Promise<Partial> {
    const handle = await open(file, 'r+');
    try {
      const { size } = await handle.stat();
      // A length that was promised is never outgrown: what is more is not of this file.
      const have = Math.min(size, memo.length ?? size);
      if (have < size) await handle.truncate(have);
      return new Partial(file, handle, have, memo);
    } catch (error) {
      await handle.close().catch(() => {});
      throw error;
    }
  }

  get file(): string {
    return this.#file;
  }

  get have(): number {
    return this.#have;
  }

  /** @throws {Error} with the system's code; what was not written whole does not count */
  async append(chunk: Uint8Array): Promise<void> {
    let written = 0;
    while (written < chunk.length) {
      const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#have + written);
      written += bytesWritten;
    }
    this.#have += written;
  }

  /** Whether these bytes stand there already, from `offset` on. */
  async holds(offset: number, bytes: Uint8Array): Promise<boolean> {
    return (await this.read(offset, bytes.length)).equals(bytes);
  }

  /** At most `length` bytes from `offset` on. */
  async read(offset: number, length: number): Promise<Buffer> {
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  /** The headers that ask for what is missing; none where all of it has to be asked for once more. */
  restHeaders(): Record<string, string> {
    const { etag } = this.memo;
    // A weak tag says nothing about single bytes (RFC 9110 section 8.8.1): such a file is compared from its beginning.
    if (etag === null || !etag.startsWith('"') || this.#have === 0) return {};
    return { range: `bytes=${this.#have}-`, 'if-range': etag };
  }

  /** All the bytes that there are, in order. */
  async *bytes(): AsyncGenerator<Buffer> {
    for (let offset = 0; offset < this.#have; ) {
      const chunk = await this.read(offset, Math.min(COPY_BYTES, this.#have - offset));
      if (chunk.length === 0) throw new Error(`${this.#file} ends at ${offset} bytes`);
      yield chunk;
      offset += chunk.length;
    }
  }

  /**
   * Copies itself to another folder and goes on there; the old file is gone then, where it can be removed.
   * @throws {Error} with the system's code
   */
  async moveTo(folder: string): Promise<void> {
    const there = await Partial.create(folder, { ...this.memo, name: null });
    try {
      for await (const chunk of this.bytes()) await there.append(chunk);
    } catch (error) {
      await there.discard();
      throw error;
    }
    await this.discard();
    this.#file = there.#file;
    this.#handle = there.#handle;
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  /** Ends the writing; the file and its memo stay. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }

  /** Never throws: what cannot be removed, on a disk that is read-only by now, is looked at again at the next start. */
  async discard(): Promise<void> {
    await this.close();
    for (const path of [this.#file, memoFile(this.#file)]) await rm(path, { force: true }).catch(() => {});
  }
}

/** Where the memo of a partial file stands. */
export function memoFile(file: string): string {
  return file.replace(/\.part$/, '.json');
}
