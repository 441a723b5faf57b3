// Owns the use of one opening: who came, who upgraded, and whether its own rule closes it before its end.
import type { CloseAfter } from '../config/config.ts';

// Past this number, devices are counted as come, but no longer told apart.
const MAX_DEVICES = 10_000;

export class OpeningUse {
  readonly #came = new Set<string>();
  /** Devices that took an image whole, and the version that they come back with if all went well. */
  readonly #took = new Map<string, string>();
  #uses = 0;
  #upgraded: number;
  #lastUsedMs: number | null;

  constructor(upgraded: number, lastUsedMs: number | null) {
    this.#upgraded = upgraded;
    this.#lastUsedMs = lastUsedMs;
  }

  /** OTA checks that came through it. */
  get uses(): number {
    return this.#uses;
  }

  get devices(): number {
    return this.#came.size;
  }

  get upgraded(): number {
    return this.#upgraded;
  }

  get lastUsedMs(): number | null {
    return this.#lastUsedMs;
  }

  /** A device checked through the opening; true where it is the first time. */
  came(device: string | null, atMs: number): boolean {
    this.#lastUsedMs = atMs;
    this.#uses += 1;
    const name = device ?? '';
    if (this.#came.has(name) || this.#came.size >= MAX_DEVICES) return false;
    this.#came.add(name);
    return true;
  }

  /** A device took the image behind a link that the opening had handed out to it: only such a one can count. */
  took(device: string, version: string, atMs: number): void {
    this.#lastUsedMs = atMs;
    if (this.#took.size < MAX_DEVICES) this.#took.set(device, version);
  }

  /** A device checked in; true where it came back with what it had taken. */
  checkedIn(device: string, version: string): boolean {
    if (version === '' || this.#took.get(device) !== version) return false;
    this.#took.delete(device);
    this.#upgraded += 1;
    return true;
  }

  /** Why it closes now, or null. */
  isOver(
    opening: { closeAfter: CloseAfter; openedMs: number | null; startMs: number | null },
    nowMs: number,
  ): string | null {
    const { devices, idleMs } = opening.closeAfter;
    if (devices !== null && this.#upgraded >= devices) return `${this.#upgraded} devices upgraded`;
    const begunMs = Math.max(opening.openedMs ?? 0, opening.startMs ?? 0, this.#lastUsedMs ?? 0);
    if (idleMs !== null && begunMs > 0 && nowMs - begunMs >= idleMs) return 'no device came any more';
    return null;
  }
}
