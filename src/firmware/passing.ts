// Owns images that are passed through and not kept: for a time, since the disk is full, or for nobody else's eyes.
import { rmSync } from 'node:fs';
import type { OfferedApp } from '../ota/offer-case.ts';

export type PassingImage = {
  id: string;
  sha256: string;
  file: string;
  length: number;
  fileName: string;
  contentType: string;
  lastModifiedMs: number | null;
  /** What it says of itself; null for what is no app. */
  app: OfferedApp | null;
};

// They stand in memory. Long enough for the fleet that asked; the next one may find room on the disk.
const LIFE_MS = 10 * 60_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Past the bound of bytes the oldest goes; who reads it goes on reading, since an open file outlives its name. */
export class PassingImages {
  readonly #images = new Map<string, PassingImage & { name: string | null; untilMs: number }>();
  readonly #byName = new Map<string, string>();

  add(name: string | null, image: PassingImage, nowMs: number): void {
    this.sweep(nowMs);
    this.#images.set(image.id, { ...image, name, untilMs: nowMs + LIFE_MS });
    if (name !== null) this.#byName.set(name, image.id);
    let bytes = this.bytes();
    for (const oldest of this.#images.values()) {
      if (bytes <= MAX_BYTES || oldest.id === image.id) break;
      bytes -= oldest.length;
      this.#drop(oldest.id);
    }
  }

  find(name: string, nowMs: number): PassingImage | undefined {
    this.sweep(nowMs);
    return this.#images.get(this.#byName.get(name) ?? '');
  }

  get(id: string, nowMs: number): PassingImage | undefined {
    this.sweep(nowMs);
    return this.#images.get(id);
  }

  bytes(): number {
    return [...this.#images.values()].reduce((sum, { length }) => sum + length, 0);
  }

  sweep(nowMs: number): void {
    for (const { id, untilMs } of this.#images.values()) if (untilMs <= nowMs) this.#drop(id);
  }

  #drop(id: string): void {
    const image = this.#images.get(id);
    if (image === undefined) return;
    this.#images.delete(id);
    if (image.name !== null && this.#byName.get(image.name) === id) this.#byName.delete(image.name);
    rmSync(image.file, { force: true });
  }
}
