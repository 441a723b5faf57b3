// Owns the reading of an error page: one small HTML file.
import { readBoundedText } from './bounded-file.ts';
import { good, type Reading, wrong } from './reading.ts';

const MAX_BYTES = 256 * 1024;

/** The text of a page. `file` is absolute. */
export function readPageFile(file: string): Reading<string> {
  const read = readBoundedText(file, MAX_BYTES);
  if (read.ok) return good(read.text);
  const expected = 'an HTML file in UTF-8, 256 KiB at most; relative paths start at the folder of this file';
  if (read.because === 'system') return wrong(`cannot be read (${read.code})`, expected);
  return wrong(`is no such file (${read.because})`, expected);
}
