// Owns finding the stateDir of a configuration that is bad otherwise: its gate must still be reachable, to be told so.
import { dirname, resolve } from 'node:path';
import type { Environment } from './environment.ts';
import { readFileText } from './file-text.ts';
import { fromFolder } from './paths.ts';
import { readSource } from './source.ts';

/** The default of `stateDir`, relative to the configuration's folder. */
export const DEFAULT_STATE_DIR = '../data';
// Of text that is no YAML as a whole: a key of the file itself stands at the left edge, and what is broken around it, such
// as an open bracket, does not reach into its line.
const LINE = /^(["']?)stateDir\1[ \t]*:.*$/m;

/** The absolute stateDir that a file names, as far as it can be read; null where it cannot be read at all. */
export function findStateDir(file: string, env: Environment = process.env): string | null {
  const text = readFileText(file);
  return text.ok ? stateDirIn(text.value, file, env) : null;
}

/** The same for text that is, or will be, in `file`. */
export function stateDirIn(text: string, file: string, env: Environment = process.env): string | null {
  const whole = readSource(text, env).raw;
  const raw = isMap(whole) ? whole : readSource(LINE.exec(text)?.[0] ?? '{}', env).raw;
  if (!isMap(raw)) return null;
  const named = Object.hasOwn(raw, 'stateDir') ? raw.stateDir : DEFAULT_STATE_DIR;
  return typeof named === 'string' ? fromFolder(dirname(resolve(file)), named) : null;
}

function isMap(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}
