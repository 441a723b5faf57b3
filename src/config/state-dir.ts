// Owns finding the stateDir of a configuration that is bad otherwise: its gate must still be reachable, to be told so.
import { dirname, resolve } from 'node:path';
import type { Environment } from './environment.ts';
import { readFileText } from './file-text.ts';
import { fromFolder } from './paths.ts';
import { readSource } from './source.ts';

/** The default of `stateDir`, relative to the configuration's folder. */
export const DEFAULT_STATE_DIR = '../data';

/** The absolute stateDir that a file names, as far as it can be read; null where it cannot be read at all. */
export function findStateDir(file: string, env: Environment = process.env): string | null {
  const text = readFileText(file);
  return text.ok ? stateDirIn(text.value, file, env) : null;
}

/** The same for text that is, or will be, in `file`. */
export function stateDirIn(text: string, file: string, env: Environment = process.env): string | null {
  const { raw } = readSource(text, env);
  const named = typeof raw === 'object' && raw !== null && 'stateDir' in raw ? raw.stateDir : DEFAULT_STATE_DIR;
  return typeof named === 'string' ? fromFolder(dirname(resolve(file)), named) : null;
}
