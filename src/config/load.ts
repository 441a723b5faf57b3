// Owns loading: from a file to a Config, or to every fault in it at once.
import { dirname, resolve } from 'node:path';
import { printable } from '../base/printable.ts';
import type { Config } from './config.ts';
import { readDraft } from './draft.ts';
import type { Environment } from './environment.ts';
import { expand } from './expand.ts';
import { howToBegin, readFileText } from './file-text.ts';
import { type Finding, type Place, type ReportOptions, writePlace } from './finding.ts';
import { reportIssues } from './issues.ts';
import type { Wrong } from './reading.ts';
import { referenceFaults } from './references.ts';
import { inputSchema } from './schema.ts';
import { isSecret } from './secret-keys.ts';
import { readSecrets } from './secrets.ts';
import { readSource, type Source } from './source.ts';

/** Where every command looks when it is not told. */
export const defaultConfigFile = 'config/otagate.yaml';

export type Loaded =
  | { ok: true; config: Config; warnings: Finding[] }
  | { ok: false; faults: Finding[]; warnings: Finding[] };

const MAX_FINDINGS = 200;

/**
 * Reads and checks a configuration file. Every fault is told at once, in the order of the file. Never throws.
 * `env` fills in `${NAME}`; `now` is milliseconds since the epoch, for openings that are over.
 */
export function loadConfig(file: string, env: Environment = process.env, now: number = Date.now()): Loaded {
  const text = readFileText(file);
  if (!text.ok) return { ok: false, faults: text.wrongs.map((wrong) => aboutFile(file, wrong)), warnings: [] };
  return checkText(text.value, file, env, now);
}

/** The same for text that is at hand; `file` names it and is where relative paths start. */
export function checkText(text: string, file: string, env: Environment, now: number): Loaded {
  const source = readSource(text, env);
  const findings = new Findings(file, source);
  for (const { line, column, place, severity, found, ...wrong } of source.faults) {
    findings.add(place, wrong, { line, column }, isSecret(place) ? '' : found, severity);
  }
  if (source.raw === undefined || source.raw === null || typeof source.raw !== 'object' || Array.isArray(source.raw)) {
    if (!findings.list.some(({ severity }) => severity === 'fault')) findings.report([], topFault(source.raw));
    return findings.result();
  }
  const parsed = inputSchema.safeParse(source.raw);
  if (!parsed.success) reportIssues(parsed.error.issues, source.raw, findings.report);
  const path = resolve(file);
  referenceFaults(readDraft(source.raw, findings.isWrong), path, now, findings.report);
  const secrets = readSecrets(source.raw, dirname(path), source.written, findings.report);
  return findings.result(parsed.success ? expand(parsed.data, path, secrets) : undefined);
}

function topFault(raw: unknown): Wrong {
  if (raw === null || raw === undefined) return { problem: 'says nothing', expected: howToBegin() };
  if (Array.isArray(raw)) return { problem: 'is a list at the top', expected: `keys and values: ${howToBegin()}` };
  return { problem: 'holds no keys', expected: `keys and values, with a space behind each colon: ${howToBegin()}` };
}

function aboutFile(file: string, wrong: Wrong): Finding {
  return {
    file,
    line: 0,
    column: 0,
    path: '',
    found: '',
    severity: 'fault',
    ...wrong,
    expected: printable(wrong.expected, 1000),
  };
}

/** Collects findings: one fault for each place, and a bounded number of them. */
class Findings {
  readonly list: Finding[] = [];
  readonly #file: string;
  readonly #source: Source;
  readonly #wrongPlaces = new Set<string>();
  #left = 0;

  constructor(file: string, source: Source) {
    this.#file = file;
    this.#source = source;
  }

  readonly isWrong = (place: Place): boolean => this.#wrongPlaces.has(JSON.stringify(place));

  readonly report = (place: Place, told: Wrong, options: ReportOptions = {}): void => {
    const severity = options.severity ?? 'fault';
    // Finding a place in the file takes time, too much of it for each of a hundred thousand faults.
    if (this.#isFull()) {
      this.add(place, told, { line: 0, column: 0 }, '', severity);
      return;
    }
    const secret = isSecret(place);
    const hides = options.at === 'key' || secret || told.hidden === true;
    const found = options.found ?? (hides ? '' : this.#source.show(place));
    const { suggestion, ...bare } = told;
    // A suggestion is made from the value, and what came from the environment may be a secret.
    const shown = suggestion !== undefined && !secret && this.#source.written(place) === undefined;
    const wrong = shown ? told : bare;
    this.add(place, wrong, this.#source.locate(place, options.at), found, severity);
    // The key that was most likely meant is not missing as well.
    if (options.at === 'key' && suggestion !== undefined) {
      this.#wrongPlaces.add(JSON.stringify([...place.slice(0, -1), ...suggestion.split('.')]));
    }
  };

  add(
    place: Place,
    wrong: Wrong,
    at: { line: number; column: number },
    found: string,
    severity: 'fault' | 'warning',
  ): void {
    const key = JSON.stringify(place);
    if (place.length > 0 && this.#wrongPlaces.has(key)) return;
    if (severity === 'fault') this.#wrongPlaces.add(key);
    if (this.#isFull()) {
      this.#left += 1;
      return;
    }
    const words = { problem: printable(wrong.problem, 500), expected: printable(wrong.expected, 1000) };
    const meant = wrong.suggestion === undefined ? {} : { suggestion: printable(wrong.suggestion, 300) };
    this.list.push({ file: this.#file, ...at, path: writePlace(place), found, ...words, ...meant, severity });
  }

  #isFull(): boolean {
    return this.list.length >= MAX_FINDINGS;
  }

  result(config?: Config): Loaded {
    const sorted = this.list.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const faults = sorted.filter(({ severity }) => severity === 'fault');
    const warnings = sorted.filter(({ severity }) => severity === 'warning');
    if (config !== undefined && faults.length === 0) return { ok: true, config, warnings };
    if (this.#left > 0) {
      const problem = `has ${this.#left} more faults or warnings`;
      faults.push(aboutFile(this.#file, { problem, expected: 'those above to be put right first' }));
    }
    return { ok: false, faults, warnings };
  }
}
