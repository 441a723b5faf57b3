// Owns the difference between two configurations: what a reload changed, and what only a restart can.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';

/** The top-level keys whose values differ; where a secret was read from is no value of its own. */
export function changedKeys(before: Config, after: Config): string[] {
  const keys = Object.keys(after) as (keyof Config)[];
  return keys.filter((key) => key !== 'secretSources' && !isDeepStrictEqual(before[key], after[key]));
}

/** What a restart alone can change: the state is open, the socket stands in it, and every process holds its log. */
export function changedForGood(before: Config, after: Config): string[] {
  return [
    ...(before.stateDir === after.stateDir ? [] : ['stateDir']),
    ...(isDeepStrictEqual(before.store, after.store) ? [] : ['store']),
    ...(before.log.file === after.log.file ? [] : ['log.file']),
    ...(isDeepStrictEqual(before.log.access, after.log.access) ? [] : ['log.access']),
    ...(before.log.format === after.log.format ? [] : ['log.format']),
  ];
}
