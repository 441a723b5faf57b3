// Owns turning the issues of the schema into findings: in the operator's words, with did-you-mean for keys and words.
import type { z } from 'zod';
import { printable } from '../base/printable.ts';
import type { Place, Report } from './finding.ts';
import { wrongOf } from './leaf.ts';
import { entriesOf, listOf, memberOf, textOf, valueAt } from './loose.ts';
import type { Wrong } from './reading.ts';
import { jsonSchema } from './schema.ts';
import { nearest } from './suggest.ts';

const KINDS: Record<string, string> = {
  object: 'keys and values, indented below it',
  record: 'keys and values, indented below it',
  array: 'a list, with "- " before each member or within [ ]',
};

const UNKNOWN_KEY = 'is not a key known here';
// Looking for what was meant takes time, and nobody reads that many messages.
const MAX_EXPLAINED = 500;

/** Reports every issue. `raw` is the data that the schema was given. */
export function reportIssues(issues: readonly z.core.$ZodIssue[], raw: unknown, report: Report): void {
  const unknownKeys = issues.filter((issue) => issue.code === 'unrecognized_keys');
  if (unknownKeys.length > 0) {
    const schema = jsonSchema();
    const keys = unknownKeys.flatMap((issue) => issue.keys.map((key) => ({ around: placeOf(issue.path), key })));
    for (const [index, { around, key }] of keys.entries()) {
      if (index < MAX_EXPLAINED) reportUnknownKey(around, key, raw, schema, report);
      else report([...around, key], { problem: UNKNOWN_KEY, expected: '' }, { at: 'key' });
    }
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') continue;
    const place = placeOf(issue.path);
    report(place, wordsFor(issue, valueAt(raw, place)), issue.code === 'invalid_key' ? { at: 'key' } : {});
  }
}

function wordsFor(issue: z.core.$ZodIssue, value: unknown): Wrong {
  switch (issue.code) {
    case 'custom':
      return wrongOf(issue.params) ?? { problem: issue.message, expected: '' };
    case 'invalid_type':
      return unfit(value, KINDS[issue.expected] ?? issue.expected);
    case 'invalid_value':
      return wordFault(issue.values.map(String), value);
    case 'invalid_union':
      return 'options' in issue ? wordFault(issue.options.map(String), value) : unfit(value, '');
    case 'invalid_key':
      return {
        problem: 'is not a name',
        expected: 'letters, digits, - and _, 64 at most, beginning with a letter or a digit',
      };
    case 'too_big':
      return { problem: 'is too long', expected: `${String(issue.maximum)} members at most` };
    case 'too_small':
      return { problem: 'is empty', expected: `${String(issue.minimum)} at least` };
    default:
      return { problem: issue.message, expected: '' };
  }
}

function wordFault(words: string[], value: unknown): Wrong {
  const expected = words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : words.join('');
  const near = nearest(textOf(value) ?? '', words);
  if (textOf(value) === undefined) return unfit(value, expected);
  return {
    problem: 'is not one of the words known here',
    expected,
    ...(near === undefined ? {} : { suggestion: near }),
  };
}

function unfit(value: unknown, expected: string): Wrong {
  if (value === undefined) return { problem: 'is missing', expected };
  return { problem: value === null ? 'has no value' : 'is not of the right kind', expected };
}

function reportUnknownKey(around: Place, key: string, raw: unknown, schema: unknown, report: Report): void {
  const allowed = keysAt(schema, around, raw);
  // A key that is there already was not meant once more.
  const free = allowed.filter((each) => memberOf(valueAt(raw, around), each) === undefined);
  const near = nearest(key, free) ?? elsewhere(schema, key, around);
  report(
    [...around, key],
    {
      problem: UNKNOWN_KEY,
      expected: `one of ${allowed.join(', ')}`,
      ...(near === undefined ? {} : { suggestion: near }),
    },
    { at: 'key', found: `"${printable(key, 80)}"` },
  );
}

/** The keys that the schema allows at a place. */
function keysAt(schema: unknown, place: Place, raw: unknown): string[] {
  let node = schema;
  for (const [depth, step] of place.entries()) {
    const below =
      typeof step === 'number'
        ? memberOf(node, 'items')
        : (memberOf(memberOf(node, 'properties'), step) ?? memberOf(node, 'additionalProperties'));
    node = chosen(below, valueAt(raw, place.slice(0, depth + 1)));
  }
  return Object.keys(memberOf(node, 'properties') ?? {});
}

/** Of several shapes, the one whose fixed words are those of the value. */
function chosen(node: unknown, value: unknown): unknown {
  const map = listOf(memberOf(node, 'anyOf')).find((shape) => memberOf(shape, 'properties') !== undefined);
  if (map !== undefined) return map;
  const shapes = listOf(memberOf(node, 'oneOf'));
  if (shapes.length === 0) return node;
  return shapes.find((shape) =>
    entriesOf(memberOf(shape, 'properties')).some(([key, each]) => {
      const word = memberOf(each, 'const');
      return word !== undefined && word === memberOf(value, key);
    }),
  );
}

/** The one place further down where a key of this name belongs: `localCa` at the top was meant as `tls.localCa`. */
function elsewhere(schema: unknown, key: string, around: Place): string | undefined {
  const found: string[] = [];
  const search = (node: unknown, path: string): void => {
    for (const [name, below] of Object.entries(memberOf(node, 'properties') ?? {})) {
      if (name === key) found.push(path + name);
      for (const shape of [below, ...listOf(memberOf(below, 'oneOf'))]) search(shape, `${path}${name}.`);
    }
  };
  if (around.length === 0) search(schema, '');
  return found.length === 1 ? found[0] : undefined;
}

function placeOf(path: readonly PropertyKey[]): Place {
  return listOf(path).map((step) => (typeof step === 'number' ? step : String(step)));
}
