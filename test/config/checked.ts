// Owns loading YAML that a test holds as text.

import type { Config } from '../../src/config/config.ts';
import { type Finding, formatFinding } from '../../src/config/finding.ts';
import { checkText, type Loaded } from '../../src/config/load.ts';

export const NOW = Date.parse('2026-06-01T00:00:00Z');
export const FILE = '/etc/otagate/otagate.yaml';

/** A file without faults, to add one to. */
export const BASE = 'domain: ota.example.com\nupstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n';

export function check(yaml: string, env: Record<string, string> = {}): Loaded {
  return checkText(yaml, FILE, env, NOW);
}

/** The configuration of text that has no faults. @throws {Error} with every fault. */
export function configOf(yaml: string, env: Record<string, string> = {}): Config {
  const loaded = check(yaml, env);
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFinding).join('\n'));
  return loaded.config;
}

export function faultsOf(yaml: string, env: Record<string, string> = {}): Finding[] {
  const loaded = check(yaml, env);
  return loaded.ok ? [] : loaded.faults;
}

/** `line:column path: problem` of each fault, or of each warning. */
export function brief(findings: Finding[]): string[] {
  return findings.map(({ line, column, path, problem }) => `${line}:${column} ${path}: ${problem}`);
}
