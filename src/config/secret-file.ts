// Owns reading a secret from a file of its own. No message here ever holds a part of it.
import { readBoundedText } from './bounded-file.ts';
import { good, type Reading, wrong } from './reading.ts';

const MAX_BYTES = 64 * 1024;
const EXPECTED = 'a file that holds the secret alone, on one line; relative paths start at the folder of this one';

/** The secret that a file holds, without the space around it. `file` is absolute. */
export function readSecretFile(file: string): Reading<string> {
  const read = readBoundedText(file, MAX_BYTES);
  if (!read.ok) {
    switch (read.because) {
      case 'system':
        return unreadable(read.code);
      case 'folder':
        return wrong('is a folder', EXPECTED);
      case 'not-regular':
        return wrong('is not a regular file', EXPECTED);
      case 'too-large':
        return wrong(`has ${read.bytes} bytes`, 'a file of 64 KiB at most');
      case 'not-utf8':
        return wrong('is not UTF-8', EXPECTED);
    }
  }
  const secret = read.text.trim();
  if (secret === '') return wrong('is an empty file', EXPECTED);
  if (/\p{Cc}/u.test(secret)) return wrong('holds more than one line', EXPECTED);
  return good(secret);
}

function unreadable(code: string): Reading<string> {
  // The path is not repeated here: who mistakes the key for its neighbour writes the secret itself in its place.
  if (code === 'ENOENT' || code === 'ENOTDIR') return wrong('there is no such file', EXPECTED);
  if (code !== 'EACCES' && code !== 'EPERM') return wrong(`cannot be read (${code})`, EXPECTED);
  return wrong(`cannot be read by this user (${code})`, 'a file that this user may read; see its owner and mode');
}
