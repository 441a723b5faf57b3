// Owns reading the text of the configuration file: bounded, UTF-8, and a next step for each way it can fail.
import { readBoundedText } from './bounded-file.ts';
import { good, type Reading, wrong } from './reading.ts';

const MAX_BYTES = 1024 * 1024;

/** The text of the file without a byte order mark. What is wrong is about the file as a whole. */
export function readFileText(file: string): Reading<string> {
  const read = readBoundedText(file, MAX_BYTES);
  if (read.ok) return read.text.trim() === '' ? wrong('is empty', howToBegin()) : good(read.text);
  switch (read.because) {
    case 'system':
      return unreadable(file, read.code);
    case 'folder':
      return wrong('is a folder', 'a file', `${file.replace(/\/+$/, '')}/otagate.yaml`);
    case 'not-regular':
      return wrong('is not a regular file', 'a YAML file');
    case 'too-large':
      return wrong(`has ${read.bytes} bytes`, 'a configuration of 1 MiB at most; is this the right file?');
    case 'not-utf8':
      return wrong('is not UTF-8', 'a file saved as UTF-8 (in an editor: save with encoding UTF-8)');
  }
}

function unreadable(file: string, code: string): Reading<string> {
  switch (code) {
    case 'ENOENT':
      return wrong(
        'there is no such file',
        `one made by: cp config/shortest.yaml ${file}; then set domain, email and upstream.host in it`,
      );
    case 'ENOTDIR':
      return wrong('there is no such file, since a part of the path is not a folder', 'the path of a YAML file');
    case 'EACCES':
    case 'EPERM':
      return wrong(
        `cannot be read by this user (${code})`,
        `a file that this user may read; see its owner and mode: ls -l ${file}`,
      );
    default:
      return wrong(`cannot be read (${code})`, 'a file that can be read');
  }
}

/** What to write into an empty file. */
export function howToBegin(): string {
  return 'at least domain and upstream; config/shortest.yaml shows both';
}
