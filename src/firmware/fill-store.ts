// Owns where the bytes of a fill stand: on the disk as long as it takes them, from then on in memory, on their way only.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { noMemory, noRoom } from './fill-faults.ts';
import { isNoRoom, type Partial, type PartialMemo } from './partial.ts';
import type { Shelf } from './shelf.ts';

export type FillStoreParts = {
  shelf: Shelf;
  log: Log;
  /** Whether the image is to be kept on disk. */
  kept: boolean;
  /** Whether so many bytes may stand in memory, on their way only. */
  mayPass: (bytes: number) => boolean;
  /** What counts for an image whose length nobody knows. */
  mostBytes: number;
};

export class FillStore {
  readonly #parts: FillStoreParts;
  #kept: boolean;

  constructor(parts: FillStoreParts) {
    this.#parts = parts;
    this.#kept = parts.kept;
  }

  get kept(): boolean {
    return this.#kept;
  }

  /** @throws {GateError} FIRMWARE_NO_ROOM where neither takes it */
  async create(memo: Omit<PartialMemo, 'bootId' | 'startedMs'>): Promise<Partial> {
    const { shelf } = this.#parts;
    if (this.#kept && !shelf.hasRoom(memo.length ?? 0)) this.#leaveDisk('the disk of stateDir is full');
    if (this.#kept) {
      try {
        return await shelf.create(memo, Date.now(), true);
      } catch (error) {
        if (!isNoRoom(error)) throw noRoom(error);
        this.#leaveDisk(errorText(error));
      }
    }
    this.#claim(memo.length);
    return shelf.create(memo, Date.now(), false).catch((error: unknown) => Promise.reject(noRoom(error)));
  }

  /** @throws {GateError} FIRMWARE_NO_ROOM where neither takes it */
  async append(partial: Partial, chunk: Buffer): Promise<void> {
    try {
      return await partial.append(chunk);
    } catch (error) {
      if (!this.#kept || !isNoRoom(error)) throw noRoom(error);
      this.#leaveDisk(errorText(error));
    }
    this.#claim(partial.memo.length);
    try {
      await this.#parts.shelf.pass(partial);
      await partial.append(chunk);
    } catch (error) {
      throw noRoom(error);
    }
  }

  #leaveDisk(why: string): void {
    this.#kept = false;
    const facts = { event: 'firmware-not-kept', why };
    this.#parts.log.warn(facts, `this firmware is passed on without being kept: ${why}`);
  }

  #claim(length: number | null): void {
    const { mayPass, mostBytes } = this.#parts;
    if (!mayPass(length ?? mostBytes)) throw noMemory();
  }
}
