// Owns the collecting of buffers that have passed through. V8 collects its young generation when that is full, by the size
// of the objects in it; the bytes of a buffer stand outside, so that a hundred megabytes of an upload would fit in.

// Collecting takes a fraction of a millisecond, moving so many bytes several.
const EVERY_BYTES = 8 * 1024 * 1024;

let passed = 0;

/** Bytes came in that are gone as soon as they are handed on. */
export function passing(bytes: number): void {
  passed += bytes;
  if (passed < EVERY_BYTES) return;
  passed = 0;
  // There where the process was started with `--expose-gc`.
  globalThis.gc?.({ type: 'minor' });
}
