// Owns the images that a gate holds in memory: those asked for last, by bytes.
import { LRUCache } from 'lru-cache';
import type { GrowingFile } from './growing-file.ts';

export class HotImages {
  #cache: LRUCache<string, Buffer> | null = null;
  #maxBytes = 0;

  /** How many bytes this gate may hold; 0: none. What is there stays where the number stays. */
  set(maxBytes: number): void {
    if (maxBytes === this.#maxBytes) return;
    this.#maxBytes = maxBytes;
    this.#cache = maxBytes === 0 ? null : new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ length }) => length });
  }

  /** The whole image, or null where it is not for memory. Loads it once for all who ask meanwhile. */
  async get(file: GrowingFile): Promise<Buffer | null> {
    const { sha256 } = file;
    const { length } = file.object;
    if (sha256 === null || this.#cache === null || length > this.#maxBytes) return null;
    const there = this.#cache.get(sha256);
    if (there !== undefined) return there;
    const loading = this.#loading.get(sha256) ?? this.#load(sha256, file);
    this.#loading.set(sha256, loading);
    return loading;
  }

  readonly #loading = new Map<string, Promise<Buffer | null>>();

  async #load(sha256: string, file: GrowingFile): Promise<Buffer | null> {
    try {
      const bytes = await file.read(0, file.object.length);
      if (bytes.length !== file.object.length) return null;
      this.#cache?.set(sha256, bytes);
      return bytes;
    } finally {
      this.#loading.delete(sha256);
    }
  }
}
