// Owns paths: those of routes, in the one form that decisions compare, and those of files.
import { isAbsolute, resolve } from 'node:path';
import { good, type Reading, readText, unfit, wrong } from './reading.ts';

const EXPECTED = 'a path such as /xiaozhi/ota/';
const fileText = readText('the path of a file or a folder', 1000);

/** What no path of a route can hold, since the path of a request is brought into one form before it is compared. */
const NEVER: [RegExp, string][] = [
  [/\?/, 'has a query, and routes go by the path alone'],
  [/#/, 'has a fragment, which no client sends'],
  [/\/\//, 'has an empty segment (//)'],
  [/\.\./, 'has ".." in it'],
  [/\/\.(\/|$)/, 'has a segment that is a single dot'],
  [/;/, 'has ";" in it, behind which some servers stop reading'],
  [/%/, 'has an escape in it, which servers read in more than one way'],
  [/[\s\\\p{Cc}]/u, 'has a space, a backslash or a control character in it'],
  [/[^\0-\x7f]/, 'has characters beyond ASCII, which clients send escaped'],
];

/** The path of a route: a prefix where it ends in `/`, else exact. */
export function readRoutePath(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, EXPECTED);
  if (value === '') return wrong('is empty', EXPECTED, '/');
  const url = /^[a-z]+:\/\/[^/]+(\/[^?#]*)/i.exec(value)?.[1];
  if (url !== undefined) return wrong('is a URL', EXPECTED, url);
  const fault = NEVER.find(([pattern]) => pattern.test(value));
  if (fault !== undefined) return wrong(fault[1], EXPECTED);
  if (!value.startsWith('/')) return wrong('does not begin with /', EXPECTED, `/${value}`);
  return value.length > 500 ? wrong(`has ${value.length} characters`, '500 at most') : good(value);
}

/** The path of a file as written. `~` is refused: it is the shell that knows it, and nothing here would. */
export function readFilePath(value: unknown): Reading<string> {
  const reading = fileText(value);
  if (reading.ok && reading.value.startsWith('~')) {
    return wrong('begins with ~, which only a shell understands', 'an absolute path, or one relative to this file');
  }
  return reading;
}

/**
 * The paths that one configuration names. Whoever lays out a key that takes a path says what the path is for, so that no
 * file which the gate needs is forgotten in a backup.
 */
export class NamedPaths {
  readonly #folder: string;
  readonly #needed = new Set<string>();

  /** `folder` is that of the configuration. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Files and folders that have to be there, absolute. */
  get needed(): string[] {
    return [...this.#needed];
  }

  /** The absolute path of what has to be there already: a file, a folder, a program. */
  needs(path: string): string {
    const absolute = fromFolder(this.#folder, path);
    this.#needed.add(absolute);
    return absolute;
  }

  /** The absolute path of what the gate itself makes. */
  makes(path: string): string {
    return fromFolder(this.#folder, path);
  }
}

/** A path of the file, absolute: relative ones start at the folder that the file is in. */
export function fromFolder(folder: string, path: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(folder, path);
}
