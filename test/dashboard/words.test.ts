// The two languages: the same words in both, none missing, and none beside the dictionary.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { auditWhatSchema, whoSchema } from '../../src/control/admin/audit.ts';
import { KNOWN_EVENTS } from '../../src/dashboard/base/timeline.ts';
import { DICTIONARIES, firstLanguage, tagOf } from '../../src/dashboard/words.ts';
import type { Because } from '../../src/ota/attempt.ts';
import type { FindingCode } from '../../src/tls/device-finding.ts';
import { readSources } from '../house/imports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const CHINESE = /\p{Script=Han}/u;
/** Written alike in both. */
const ALIKE = /^(devices\.(csv|json)|certificates\.fingerprint|overview\.listener|concerns\.certificateFinding)$/;

type Leaf = { path: string; value: unknown };

function leaves(value: unknown, path = ''): Leaf[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}

/** What a reader would see: functions are called, with numbers and texts that can be told apart. */
function shown({ path, value }: Leaf): string {
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'function') return String(value);
  const of = (first: unknown): unknown => value(first, 2, 3);
  return [path === 'openings.fromAll' ? of(['10.0.0.0/8']) : of('X1'), path === 'openings.fromAll' ? of([]) : of(1)]
    .flat()
    .join(' ');
}

const en = leaves(DICTIONARIES.en);
const zh = leaves(DICTIONARIES.zh);

test('both languages have the same words, of the same shape', () => {
  assert.ok(en.length > 250);
  const shape = ({ path, value }: Leaf): string => `${path} ${typeof value} ${Array.isArray(value)}`;
  assert.deepEqual(zh.map(shape), en.map(shape));
});

test('no word is empty or unfinished, and each is in its language', () => {
  for (const leaf of [...en, ...zh]) {
    assert.doesNotMatch(shown(leaf), /^\s*$|undefined|null|NaN|\[object|TODO/, leaf.path);
  }
  assert.deepEqual(
    en.filter((leaf) => CHINESE.test(shown(leaf))).map(({ path }) => path),
    [],
  );
  assert.deepEqual(
    zh.filter((leaf) => !CHINESE.test(shown(leaf)) && !ALIKE.test(leaf.path)).map(({ path }) => path),
    [],
  );
});

test('what is put into a sentence stands in it, in both', () => {
  const taking = (list: readonly Leaf[]) =>
    list
      .filter(({ value }) => typeof value === 'function')
      .map((leaf) => [leaf.path, /X1|10\.0\.0\.0/.test(shown(leaf))]);
  assert.deepEqual(
    taking(zh).filter(([path, stands]) => !stands && path !== 'firmware.devices'),
    taking(en).filter(([path, stands]) => !stands && path !== 'firmware.devices'),
  );
});

test('no text stands in the page beside the dictionary', () => {
  const TEXT = /(?<![=-])>([^<>{}();=]*\p{L}{2,}[^<>{}();=]*)<\//gu;
  const ATTRIBUTE = /\s(?:aria-label|title|placeholder|alt|label|text|caption|head)="([^"]*)"/g;
  const known = new Set(['otagate', 'otagate ']);
  const found = readSources(root, 'src/dashboard')
    .filter(({ file }) => file.endsWith('.tsx'))
    .flatMap(({ file, text }) => [
      ...[...text.matchAll(TEXT)].map(([, words = '']) => ({ file, words: words.trim() })),
      ...[...text.matchAll(ATTRIBUTE)].map(([, words = '']) => ({ file, words })),
    ])
    .filter(({ words }) => !known.has(words) && !/^(https:\/\/files\.example\.com\/|[\d./]+$)/.test(words));
  assert.deepEqual(found, []);
});

test('every word of the gate that the page shows has words: events, reasons, findings, the audit', () => {
  const outcome = readFileSync(new URL('../../src/ota/outcome.ts', import.meta.url), 'utf8');
  const events = [...outcome.matchAll(/event: '([a-z-]+)'/g)].map(([, event = '']) => event);
  assert.ok(events.length > 8);
  assert.deepEqual(
    [...events, 'download-begun', 'download-ended', 'fill-failed', 'upgraded', 'reinstalled'].filter(
      (event) => !KNOWN_EVENTS.includes(event),
    ),
    [],
  );
  for (const { openings } of Object.values(DICTIONARIES)) {
    assert.deepEqual(
      auditWhatSchema.options.filter((what) => !Object.hasOwn(openings.whats, what)),
      [],
    );
    assert.deepEqual(
      whoSchema.options.filter((who) => !Object.hasOwn(openings.whos, who)),
      [],
    );
  }
  // These two are closed unions of types: the compiler says what is missing.
  const because: Record<Because, string> = DICTIONARIES.en.timeline.because;
  const findings: Record<FindingCode, string> = DICTIONARIES.en.certificates.findings;
  assert.ok(Object.keys(because).length > 0 && Object.keys(findings).length > 0);
});

test('the language is what was chosen, else what the browser asks for first', () => {
  assert.equal(firstLanguage('zh', ['en-GB']), 'zh');
  assert.equal(firstLanguage('fr', ['de', 'zh-TW', 'en']), 'zh');
  assert.equal(firstLanguage(null, ['zho', 'de']), 'en');
  assert.equal(firstLanguage(null, ['EN-us', 'zh']), 'en');
  assert.equal(firstLanguage(null, []), 'en');
  assert.deepEqual(['en' as const, 'zh' as const].map(tagOf), ['en', 'zh-Hans']);
});
