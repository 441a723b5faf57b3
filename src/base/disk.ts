// Owns the question how much room a disk has.
import { statfsSync } from 'node:fs';

/** Bytes that are free for us on the disk of this folder; endless where the system does not say: a write will tell. */
export function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
