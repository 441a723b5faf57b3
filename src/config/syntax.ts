// Owns the faults of the YAML text itself: what cannot be read, keys given twice, aliases without bound.
import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml';
import { printable } from '../base/printable.ts';
import type { Place } from './finding.ts';
import type { Wrong } from './reading.ts';
import { isSecret } from './secret-keys.ts';

/** Where `place` is empty, the text cannot be read as a whole. */
export type SyntaxFault = Wrong & { offset: number; place: Place; found: string; severity: 'fault' | 'warning' };

export const MAX_ALIASES = 100;
const MAX_DEPTH = 50;

/** In plain words, by the library's code; for others its own message stands. */
const WORDS: Record<string, [problem: string, expected: string]> = {
  TAB_AS_INDENT: ['is indented with a tab', 'spaces'],
  BAD_INDENT: ['is not indented like its neighbours, or a bracket is not closed', 'the same number of spaces'],
  MULTILINE_IMPLICIT_KEY: ['has a key that goes over several lines', '"key: value" on one line, at the right indent'],
  BLOCK_AS_IMPLICIT_KEY: [
    'has a second ": " on the line, or is indented too far',
    'quotes around the value, or the right indent',
  ],
  MULTIPLE_DOCS: ['holds a second document (---)', 'one document'],
  NON_STRING_KEY: ['has a key that is not text', 'plain keys'],
  MISSING_CHAR: ['is not closed: a quote, a bracket, a colon or a comma is missing', ''],
  UNEXPECTED_TOKEN: [
    'has something here that does not belong',
    'quotes around a value that holds any of { } [ ] , : #',
  ],
};

/** Every fault of the text, one for each line, in its order. `lineOf` gives the line of an offset. */
export function syntaxFaults(text: string, document: Document, lineOf: (offset: number) => number): SyntaxFault[] {
  const control = controlCharacter(text);
  if (control !== undefined) return [control];
  const told = new Set<number>();
  const faults: SyntaxFault[] = [];
  for (const error of document.errors) {
    const offset = error.pos[0];
    if (told.has(lineOf(offset))) continue;
    told.add(lineOf(offset));
    const deep = /call stack/.test(error.message);
    const own: [string, string] = [`cannot be read as YAML: ${printable(error.message)}`, ''];
    const words = Object.hasOwn(WORDS, error.code) ? WORDS[error.code] : undefined;
    const [problem, expected] = deep ? TOO_DEEP : (words ?? own);
    faults.push(fault([], problem, expected, offset, shownLine(text, offset)));
    if (deep) break;
  }
  if (faults.length > 0) return faults;
  for (const warning of document.warnings) {
    const found = shownLine(text, warning.pos[0]);
    faults.push({
      ...fault([], 'has a tag or a directive that means nothing here', '', warning.pos[0], found),
      severity: 'warning',
    });
  }
  return [...faults, ...walk(document, lineOf)];
}

const TOO_DEEP: [string, string] = ['is nested too deeply', `${MAX_DEPTH} levels at most`];

// What YAML 1.2 leaves out (section 5.1).
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function controlCharacter(text: string): SyntaxFault | undefined {
  const offset = text.search(CONTROL);
  if (offset < 0) return undefined;
  const found = `"${printable(text.charAt(offset))}"`;
  return fault([], 'holds a control character', 'plain text; is this the right file?', offset, found);
}

/** Aliases that lead nowhere, into themselves, or are too many; keys given twice; too many levels. */
function walk(document: Document, lineOf: (offset: number) => number): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const anchors = new Map<string, unknown>();
  let aliases = 0;
  // After a fault of the text as a whole nothing further is looked at.
  let whole = false;
  const ofWhole = (problem: string, expected: string, offset: number, found: string): void => {
    whole = true;
    faults.push(fault([], problem, expected, offset, found));
  };
  const visit = (node: unknown, place: Place, around: readonly unknown[]): void => {
    if (whole) return;
    if (isAlias(node)) {
      aliases += 1;
      const offset = startOf(node) ?? 0;
      const target = anchors.get(node.source);
      // A password that begins with * reads as an alias.
      const found = isSecret(place) ? '' : `"*${printable(node.source, 40)}"`;
      if (aliases > MAX_ALIASES) ofWhole('has too many aliases', `${MAX_ALIASES} at most`, offset, found);
      else if (target === undefined || around.includes(target)) {
        const problem =
          target === undefined ? 'is an alias without an anchor before it' : 'is an alias that holds itself';
        ofWhole(problem, 'an anchor (&name) further up', offset, found);
      }
      return;
    }
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return;
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isScalar(node)) return;
    if (around.length >= MAX_DEPTH) {
      ofWhole(...TOO_DEEP, startOf(node) ?? 0, '');
      return;
    }
    const inside = [...around, node];
    if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, [...place, index], inside);
    else {
      const seen = new Map<string, number>();
      for (const pair of node.items) {
        const key = keyText(pair.key);
        const where = [...place, key];
        const offset = startOf(pair.key) ?? 0;
        const first = seen.get(key);
        if (first !== undefined) {
          faults.push(fault(where, `is given twice, first on line ${lineOf(first)}`, 'each key once', offset, ''));
        } else seen.set(key, offset);
        visit(pair.value, where, inside);
      }
    }
  };
  visit(document.contents, [], []);
  return faults;
}

/** Where a node begins, in characters; undefined for what is no node. */
export function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}

/** The text of a key. */
export function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function fault(place: Place, problem: string, expected: string, offset: number, found: string): SyntaxFault {
  return { place, problem, expected, offset, found, severity: 'fault' };
}

/** The line around an offset, short enough for a message; a value behind a colon stays out, since it may be a secret. */
function shownLine(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end < 0 ? undefined : end).trimEnd();
  const key = /^[^:]*:/.exec(line)?.[0];
  const shown = key === undefined ? line.slice(0, 40) : `${key} …`;
  return shown.trim() === '' ? '' : `"${printable(shown.trim(), 60)}"`;
}
