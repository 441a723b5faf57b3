// Owns Source: the YAML of the file as plain data, and where in the file each value stands.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { printable } from '../base/printable.ts';
import { type Environment, fillIn } from './environment.ts';
import type { Place } from './finding.ts';
import type { Wrong } from './reading.ts';
import { keyText, MAX_ALIASES, startOf, syntaxFaults } from './syntax.ts';

export type Position = { line: number; column: number };

/** A fault of the text itself, before anyone looked at what it says. */
export type TextFault = Wrong & Position & { place: Place; found: string; severity: 'fault' | 'warning' };

export type Source = {
  /** Plain data; undefined where the text is not YAML. */
  raw: unknown;
  faults: TextFault[];
  /** Of a value, or of the nearest thing around it that exists. */
  locate: (place: Place, at?: 'key') => Position;
  /** The value as the file has it, shortened, without passwords. */
  show: (place: Place) => string;
  /** A value that was filled in from the environment, as the file has it: what it was filled with must not be printed. */
  written: (place: Place) => string | undefined;
};

/** Reads the text as YAML 1.2, fills in the environment, and remembers the place of everything. Never throws. */
export function readSource(text: string, environment: Environment): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    // The library's own check takes minutes for a hostile file; syntax.ts does it in one pass.
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    schema: 'core',
    version: '1.2',
    logLevel: 'error',
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const written = new Map<Node, string>();
  const located = (place: Place, wrong: Wrong, found: string, offset: number): TextFault => ({
    ...wrong,
    ...position(offset),
    place,
    found,
    severity: 'fault',
  });
  const faults: TextFault[] = syntaxFaults(text, document, (offset) => position(offset).line).map((fault) => ({
    ...fault,
    ...position(fault.offset),
  }));
  const show = (place: Place): string => describe(nodeAt(document, place), written);
  let raw: unknown;
  if (!faults.some((fault) => fault.severity === 'fault' && fault.place.length === 0)) {
    for (const { node, place, wrong, offset } of fillScalars(document, environment, written)) {
      faults.push(located(place, wrong, describe(node, written), offset));
    }
    try {
      raw = document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch {
      // A few aliases of aliases unfold to billions of values; the library counts them.
      faults.push(located([], { problem: 'has aliases that unfold to too much', expected: 'fewer of them' }, '', 0));
    }
  }
  return {
    raw,
    faults,
    locate: (place, at) => position(offsetOf(document, place, at)),
    show,
    written: (place) => {
      const node = nodeAt(document, place);
      return node === undefined ? undefined : written.get(node);
    },
  };
}

type Unfilled = { node: Node; place: Place; wrong: Wrong; offset: number };

function fillScalars(document: Document, environment: Environment, written: Map<Node, string>): Unfilled[] {
  const unfilled: Unfilled[] = [];
  const walk = (node: unknown, place: Place): void => {
    if (isMap(node)) for (const pair of node.items) walk(pair.value, [...place, keyText(pair.key)]);
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...place, index]);
    else if (isScalar(node) && typeof node.value === 'string' && node.value.includes('${')) {
      const { text, filled, wrong } = fillIn(node.value, environment);
      if (filled || wrong !== undefined) written.set(node, node.value);
      if (wrong !== undefined) unfilled.push({ node, place, wrong, offset: node.range?.[0] ?? 0 });
      else node.value = text;
    }
  };
  walk(document.contents, []);
  return unfilled;
}

/** The node at a place, seen through aliases; undefined where there is none. */
function nodeAt(document: Document, place: Place): Node | undefined {
  let node = through(document, document.contents);
  for (const step of place) {
    if (isMap(node)) node = through(document, node.items.findLast((pair) => keyText(pair.key) === String(step))?.value);
    else if (isSeq(node)) node = through(document, node.items[Number(step)]);
    else return undefined;
  }
  return node;
}

function through(document: Document, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document);
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

function offsetOf(document: Document, place: Place, at?: 'key'): number {
  let offset = document.contents?.range?.[0] ?? 0;
  let node: unknown = document.contents;
  for (const [depth, step] of place.entries()) {
    const around = through(document, node);
    const last = depth === place.length - 1;
    if (isMap(around)) {
      const pair = around.items.findLast((each) => keyText(each.key) === String(step));
      if (pair === undefined) return offset;
      const key = startOf(pair.key) ?? offset;
      node = pair.value;
      // A key without a value has an empty scalar that may stand on a line further down.
      const empty = isScalar(node) && node.value === null && node.source === '';
      offset = (last && at === 'key') || empty ? key : (startOf(node) ?? key);
    } else if (isSeq(around)) {
      node = around.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function describe(node: Node | undefined, written: ReadonlyMap<Node, string>): string {
  if (node === undefined) return '';
  if (isMap(node)) return 'keys and values';
  if (isSeq(node)) return 'a list';
  const value = written.get(node) ?? (isScalar(node) ? node.value : undefined);
  if (value === null || value === undefined) return 'nothing';
  if (typeof value !== 'string')
    return isScalar(node) && node.source !== undefined ? printable(node.source, 80) : String(value);
  return `"${printable(withoutPassword(value), 80)}"`;
}

/** User names and passwords in URLs are secrets, wherever someone puts them. */
function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//…@');
}
