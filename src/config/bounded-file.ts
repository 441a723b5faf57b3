// Owns reading a small text file whole: bounded, UTF-8, never waiting for a pipe, and a word for each way it can fail.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../base/errors.ts';

export type FileText =
  | { ok: true; text: string }
  /** `code` is the system's: ENOENT, EACCES and the like. */
  | { ok: false; because: 'system'; code: string }
  | { ok: false; because: 'too-large'; bytes: number }
  | { ok: false; because: 'folder' | 'not-regular' | 'not-utf8' };

/** The text of a file of `maxBytes` at most, without a byte order mark. Never throws. */
export function readBoundedText(file: string, maxBytes: number): FileText {
  let handle: number;
  try {
    // Without O_NONBLOCK the opening of a named pipe would wait for a writer; Windows does not know the flag.
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return failed(error);
  }
  try {
    const stat = fstatSync(handle);
    if (stat.isDirectory()) return { ok: false, because: 'folder' };
    if (!stat.isFile()) return { ok: false, because: 'not-regular' };
    if (stat.size > maxBytes) return { ok: false, because: 'too-large', bytes: stat.size };
    // Read to the bound and no further: the size of a moment ago says nothing about a file that grows.
    const bytes = Buffer.alloc(maxBytes + 1);
    const length = fill(handle, bytes);
    if (length > maxBytes) return { ok: false, because: 'too-large', bytes: length };
    return decode(bytes.subarray(0, length));
  } catch (error) {
    return failed(error);
  } finally {
    closeSync(handle);
  }
}

function fill(handle: number, bytes: Buffer): number {
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(handle, bytes, length, bytes.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function decode(bytes: Buffer): FileText {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { ok: false, because: 'not-utf8' };
  }
}

function failed(error: unknown): FileText {
  const code = errorCode(error);
  return code === 'EISDIR' ? { ok: false, because: 'folder' } : { ok: false, because: 'system', code };
}
