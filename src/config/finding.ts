// Owns Finding: one fault or warning with its place in the file, and the line that tells it.
import { printable } from '../base/printable.ts';
import type { Wrong } from './reading.ts';

export type Finding = {
  /** As it was named on the command line. */
  file: string;
  /** From 1; 0 where the file as a whole is meant. */
  line: number;
  column: number;
  /** `routes[2].upstream`; empty where the file as a whole is meant. */
  path: string;
  /** Continues the path: `has no unit`. */
  problem: string;
  /** The value as the file has it, never filled in from the environment; empty where there is none. */
  found: string;
  /** Empty where the problem says it all. */
  expected: string;
  suggestion?: string;
  severity: 'fault' | 'warning';
};

/** The way to a value: keys, and indexes of lists. */
export type Place = readonly (string | number)[];

export type ReportOptions = {
  severity?: 'warning';
  /** Point at the key, not at its value. */
  at?: 'key';
  /** In place of the value itself. */
  found?: string;
};

/** Takes a fault or a warning. The second fault at one place is dropped: it would only follow from the first. */
export type Report = (place: Place, wrong: Wrong, options?: ReportOptions) => void;

/** `FILE:LINE:COL: key.path: what is wrong (found …), expected …; did you mean "…"?`, on one line. */
export function formatFinding(finding: Finding): string {
  const where = [printable(finding.file), ...(finding.line > 0 ? [finding.line, finding.column] : [])].join(':');
  const severity = finding.severity === 'warning' ? ' warning:' : '';
  const path = finding.path === '' ? '' : ` ${finding.path}:`;
  const found = finding.found === '' ? '' : ` (found ${finding.found})`;
  const expected = finding.expected === '' ? '' : `, expected ${finding.expected}`;
  const meant = finding.suggestion === undefined ? '' : `; did you mean "${printable(finding.suggestion, 300)}"?`;
  return `${where}:${severity}${path} ${finding.problem}${found}${expected}${meant}`;
}

/** `routes[2].upstream`, with keys of odd spelling in quotes. */
export function writePlace(place: Place): string {
  let text = '';
  for (const step of place) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? printable(step, 80) : `.${printable(step, 80)}`;
    else text += `["${printable(step, 80)}"]`;
  }
  return text;
}
