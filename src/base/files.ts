// Owns writing files so that a crash at any moment leaves the old or the new content, never a part of it.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a folder that only this user can enter. */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Writes a file by temporary name, fsync and rename. `mode` counts from the first byte.
 * @throws {Error} with the system's code (ENOSPC, EROFS, EACCES); the old file is then still there
 */
export function writeFileAtomic(file: string, content: string | Uint8Array, mode = 0o600): void {
  // One name, so that a kill in between leaves one file, which the next write takes over.
  const temporary = `${file}.tmp`;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  try {
    const handle = openSync(temporary, 'w', mode);
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(handle, bytes, written);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
