// Owns reading the text of the configuration file: bounded, UTF-8, and a next step for each way it can fail.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errorCode } from '../base/errors.ts';
import { good, type Reading, wrong } from './reading.ts';

const MAX_BYTES = 1024 * 1024;

/** The text of the file without a byte order mark. What is wrong is about the file as a whole. */
export function readFileText(file: string): Reading<string> {
  let handle: number;
  try {
    // Without O_NONBLOCK the opening of a named pipe would wait for a writer; Windows does not know the flag.
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return unreadable(file, errorCode(error));
  }
  try {
    const stat = fstatSync(handle);
    if (stat.isDirectory()) return isFolder(file);
    if (!stat.isFile()) return wrong('is not a regular file', 'a YAML file');
    if (stat.size > MAX_BYTES)
      return wrong(`has ${stat.size} bytes`, 'a configuration of 1 MiB at most; is this the right file?');
    return decode(readFileSync(handle));
  } catch (error) {
    return unreadable(file, errorCode(error));
  } finally {
    closeSync(handle);
  }
}

function decode(bytes: Buffer): Reading<string> {
  if (bytes.length > MAX_BYTES) return wrong('grew past 1 MiB while it was read', 'a configuration of 1 MiB at most');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.trim() === '') return wrong('is empty', howToBegin());
    return good(text);
  } catch {
    return wrong('is not UTF-8', 'a file saved as UTF-8 (in an editor: save with encoding UTF-8)');
  }
}

function unreadable(file: string, code: string): Reading<string> {
  switch (code) {
    case 'ENOENT':
      return wrong(
        'there is no such file',
        `one made by: cp config/shortest.yaml ${file}; then set domain and upstream.host in it`,
      );
    case 'ENOTDIR':
      return wrong('there is no such file, since a part of the path is not a folder', 'the path of a YAML file');
    case 'EISDIR':
      return isFolder(file);
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

function isFolder(file: string): Reading<string> {
  return wrong('is a folder', 'a file', `${file.replace(/\/+$/, '')}/otagate.yaml`);
}

/** What to write into an empty file. */
export function howToBegin(): string {
  return 'at least domain and upstream; config/shortest.yaml shows both';
}
