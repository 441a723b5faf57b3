// Owns the reading side of an image: a file that is whole, or grows while it is read by any number of downloads.
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '../base/errors.ts';
import type { FillProgress, FillState, FirmwareObject } from '../link/firmware.ts';

/** Of an image that is not whole yet, the last bytes wait: no device ever holds a complete image that proved wrong. */
export const HELD_BACK_BYTES = 4096;

// Of 256 KiB at the most.
const MAX_PIECES = 8;

/** What is known of a file that grows, at the least. */
export type Growing = Pick<FirmwareObject, 'file' | 'length' | 'state'>;

export class GrowingFile<Of extends Growing = FirmwareObject> {
  readonly object: Of;
  #state: FillState;
  #file: string;
  #handle: Promise<FileHandle> | null = null;
  #readers = 0;
  #waiting: (() => void)[] = [];
  /** What was read last, while it grows. */
  #pieces: { offset: number; length: number; bytes: Promise<Buffer> }[] = [];

  constructor(object: Of) {
    this.object = object;
    this.#state = object.state;
    this.#file = object.file;
  }

  /** Whether anybody reads it, or is about to. */
  get isRead(): boolean {
    return this.#readers > 0;
  }

  get state(): FillState {
    return this.#state;
  }

  get sha256(): string | null {
    return this.#state.kind === 'whole' ? this.#state.sha256 : null;
  }

  /** How many bytes from the start may go to a device now. */
  get sendable(): number {
    if (this.#state.kind === 'whole') return this.object.length;
    if (this.#state.kind === 'failed') return 0;
    return Math.max(0, Math.min(this.#state.have, this.object.length - HELD_BACK_BYTES));
  }

  /** Takes what control says of it. Once failed or whole, it stays so. */
  update({ file, state }: Omit<FillProgress, 'id'>): void {
    if (this.#state.kind !== 'filling') return;
    this.#state = state;
    if (state.kind !== 'filling') this.#pieces = [];
    if (file !== this.#file) this.#move(file);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves with the next news; at once where none will come. */
  changed(): Promise<void> {
    if (this.#state.kind !== 'filling') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * At most `length` bytes from `offset` on, which are not to be changed. Those who read behind a fill want the same piece
   * at the same moment: it is read once for all of them. @throws {Error} with the system's code
   */
  read(offset: number, length: number): Promise<Buffer> {
    if (this.#state.kind !== 'filling' || this.#readers < 2) return this.#readHere(offset, length);
    const there = this.#pieces.find((piece) => piece.offset === offset && piece.length === length);
    if (there !== undefined) return there.bytes;
    const piece = { offset, length, bytes: this.#readHere(offset, length) };
    if (this.#pieces.push(piece) > MAX_PIECES) this.#pieces.shift();
    return piece.bytes;
  }

  async #readHere(offset: number, length: number): Promise<Buffer> {
    // Opened by `enter` alone: a file that nobody closes ends the process when it is collected.
    if (this.#handle === null) throw new Error('this image is read by nobody who entered');
    const handle = await this.#handle;
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Opens it for one more reader, who calls `leave` at the end. A file that grows leaves its name only for another one, or
   * with its fill: the news of it can be still on its way, and is waited for. @throws {Error} with the system's code
   */
  async enter(): Promise<void> {
    this.#readers += 1;
    for (;;) {
      this.#handle ??= open(this.#file, 'r');
      const [opening, tried] = [this.#handle, this.#file];
      try {
        await opening;
        return;
      } catch (error) {
        if (this.#handle === opening) this.#handle = null;
        while (errorCode(error) === 'ENOENT' && this.#file === tried && this.#state.kind === 'filling')
          await this.changed();
        if (this.#handle !== null || this.#file !== tried) continue; // it is open, or can be, by another name
        this.#readers -= 1;
        throw error;
      }
    }
  }

  /** With the last reader, its file is closed. */
  leave(): void {
    this.#readers -= 1;
    if (this.#readers > 0) return;
    void close(this.#handle);
    this.#handle = null;
  }

  /**
   * A disk that ran full: the same bytes go on elsewhere. Where the file was only renamed, this costs one more open; and
   * where it has left its new place already, what is open holds all of it.
   */
  #move(file: string): void {
    this.#file = file;
    const before = this.#handle;
    if (before === null) return;
    this.#handle = open(file, 'r').then(
      (opened) => {
        void close(before);
        return opened;
      },
      () => before,
    );
    this.#handle.catch(() => {}); // the next read tells
  }
}

/** Node lets reads that run on a handle end first. */
async function close(handle: Promise<FileHandle> | null): Promise<void> {
  await handle?.then((opened) => opened.close()).catch(() => {});
}
