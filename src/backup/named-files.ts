// Owns what a backup takes of the files and folders that a configuration names, and what it leaves out.
import { accessSync, constants, type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Config } from '../config/config.ts';
import { FILES, isPlainName, STAGING, STATE } from './manifest.ts';

/** What is taken, by the name of its entry, and what becomes of each path that the configuration names. */
export type NamedFiles = {
  taken: Map<string, { from: string; mode: number }>;
  files: { written: string; entry: string | null }[];
};

/** Of a file, and of all files of a folder: what is larger is no setting of a gate, and has a backup of its own. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_FILES = 10_000;
/** Of a folder, told one by one; past it the folder itself is. */
const MAX_LEFT_OUT = 100;
const ASIDE = /\.before-restore-\d{8}T\d{6}Z$/;

/** `ofState`: the names below stateDir that are in the backup anyway. `file`: where it will be written. */
export function namedFiles(config: Config, ofState: ReadonlySet<string>, file: string): NamedFiles {
  const looking = new Looking(config, ofState, file);
  for (const path of config.namedPaths) if (path !== config.file) looking.take(path);
  return { taken: looking.taken, files: looking.files };
}

class Looking {
  readonly taken: NamedFiles['taken'] = new Map();
  readonly files: NamedFiles['files'] = [];
  readonly #config: Config;
  readonly #base: string;
  readonly #ofState: ReadonlySet<string>;
  readonly #ownFiles: ReadonlySet<string>;
  readonly #ownFolders: readonly string[];

  constructor(config: Config, ofState: ReadonlySet<string>, file: string) {
    const { stateDir, backup, log } = config;
    this.#config = config;
    this.#base = dirname(dirname(config.file));
    this.#ofState = ofState;
    this.#ownFiles = new Set([config.file, file]);
    this.#ownFolders = [stateDir, backup?.folder, log.file, log.access?.file].filter((each) => each !== undefined);
  }

  take(path: string): void {
    const inState = this.#inState(path);
    if (this.#ofState.has(inState)) {
      this.files.push({ written: path, entry: `${STATE}${inState}` });
      return;
    }
    const name = this.#nameOf(path);
    const found = statOf(path);
    if (name !== null && found?.isDirectory() === true) this.#takeFolder(path, name);
    else this.files.push({ written: path, entry: this.#takeFile(path, found) });
  }

  /** The name of its entry; null where it is left out. */
  #takeFile(path: string, found: Stats | null): string | null {
    const name = this.#nameOf(path);
    if (name === null || found === null || !found.isFile() || found.size > MAX_BYTES || !isReadable(path)) return null;
    this.taken.set(name, { from: path, mode: found.mode });
    return name;
  }

  #takeFolder(folder: string, name: string): void {
    const content = this.#isOwn(folder) ? null : this.#contentOf(folder);
    if (content === null || content.files.length === 0 || content.leftOut.length > MAX_LEFT_OUT) {
      this.files.push({ written: folder, entry: null });
      return;
    }
    for (const [path, found] of content.files) this.#takeFile(path, found);
    this.files.push({ written: folder, entry: name });
    for (const path of content.leftOut) this.files.push({ written: path, entry: null });
  }

  /** What is below a folder; null where that is too much, or cannot be read. Links are not followed: they may lead anywhere. */
  #contentOf(folder: string): { files: [path: string, found: Stats][]; leftOut: string[] } | null {
    const files: [string, Stats][] = [];
    const leftOut: string[] = [];
    let bytes = 0;
    const waiting = [folder];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const entries = entriesOf(at);
      if (entries === null) return null;
      for (const entry of entries) {
        const path = join(at, entry.name);
        if (this.#isOwn(path)) continue;
        const found = entry.isFile() ? statOf(path) : null;
        if (entry.isDirectory()) waiting.push(path);
        else if (found === null || this.#nameOf(path) === null || !isReadable(path)) leftOut.push(path);
        else files.push([path, found]);
        bytes += found?.size ?? 0;
        if (bytes > MAX_BYTES || files.length + leftOut.length + waiting.length > MAX_FILES) return null;
      }
    }
    return { files, leftOut };
  }

  /** What the gate itself writes, or a backup or restore has left: the state has its own part in the backup. */
  #isOwn(path: string): boolean {
    const name = path.slice(dirname(path).length + 1);
    if (this.#ownFiles.has(path) || this.#ofState.has(this.#inState(path))) return true;
    if (name.startsWith(STAGING) || ASIDE.test(name)) return true;
    // Log files that were put aside have a number behind their name.
    return this.#ownFolders.some((own) => path === own || path.startsWith(`${own}.`));
  }

  #inState(path: string): string {
    return relative(this.#config.stateDir, path).split(sep).join('/');
  }

  /** Null for what lies elsewhere, or has a name that cannot stand in an archive. */
  #nameOf(path: string): string | null {
    const within = relative(this.#base, path);
    if (within === '' || within.startsWith('..') || isAbsolute(within)) return null;
    const name = `${FILES}${within.split(sep).join('/')}`;
    return isPlainName(name) ? name : null;
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function entriesOf(folder: string): Dirent[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return null;
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
