// Owns a configuration for programs that run parts of control by themselves: the shortest file, and some keys.
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { checkText } from '../../src/config/load.ts';

/** @throws {Error} with every fault */
export function loadedConfig(folder: string, keys: Record<string, unknown>): Config {
  const whole = {
    domain: 'ota.test',
    upstream: { preset: 'xiaozhi-server', host: '127.0.0.1' },
    stateDir: '.',
    ...keys,
  };
  const loaded = checkText(stringify(whole), join(folder, 'otagate.yaml'), {}, Date.now());
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFinding).join('\n'));
  return loaded.config;
}
