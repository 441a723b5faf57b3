// Whatever stands in the configuration file: it is a configuration, or every fault has its place; nothing throws.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { formatFinding } from '../../src/config/finding.ts';
import { printLongForm } from '../../src/config/print.ts';
import { check } from '../config/checked.ts';

const FULL = readFileSync(new URL('../../config/full.yaml', import.meta.url), 'utf8');
const LINES = FULL.split('\n');

/** A file of ours with lines taken out, doubled, moved, and characters changed. */
const mangled = fc
  .array(
    fc.record({
      line: fc.nat(LINES.length - 1),
      how: fc.constantFrom('out', 'twice', 'deeper', 'text'),
      text: fc.string({ unit: 'binary', maxLength: 20 }),
    }),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((changes) => {
    const lines = [...LINES];
    for (const { line, how, text } of changes) {
      const old = lines[line] ?? '';
      if (how === 'out') lines[line] = '';
      if (how === 'twice') lines[line] = `${old}\n${old}`;
      if (how === 'deeper') lines[line] = `  ${old}`;
      if (how === 'text') lines[line] = old.replace(/(: *).*$/, `$1${text.replaceAll('$', '')}`);
    }
    return lines.join('\n');
  });

/** The right keys with values of any kind. */
const keys = Object.keys(parse(FULL) as Record<string, unknown>);
const strange = fc
  .dictionary(
    fc.constantFrom(...keys, 'routes', 'openings', 'upstream', 'streams', '__proto__', 'x'),
    fc.jsonValue({ maxDepth: 3 }),
    { maxKeys: 8 },
  )
  .map((value) => stringify(value));

test('every text is a configuration, or has faults with a place that can be printed', () => {
  fc.assert(
    fc.property(fc.oneof(mangled, strange, fc.string({ unit: 'binary', maxLength: 300 })), (text) => {
      const loaded = check(text);
      const findings = loaded.ok ? loaded.warnings : [...loaded.faults, ...loaded.warnings];
      for (const finding of findings) {
        const line = formatFinding(finding);
        assert.doesNotMatch(line, /\p{Cc}/u);
        assert.match(line, /^\/etc\/otagate\/otagate\.yaml(:\d+:\d+)?: /);
        assert.ok(finding.line <= text.split('\n').length + 1, line);
      }
      if (!loaded.ok) return void assert.ok(loaded.faults.length > 0);
      // What was taken can be written down, and means the same again.
      const again = check(printLongForm(loaded.config));
      assert.ok(again.ok, again.ok ? '' : again.faults.map(formatFinding).join('\n'));
      assert.deepEqual({ ...again.config, secretSources: {} }, { ...loaded.config, secretSources: {} });
    }),
    { numRuns: 250 },
  );
});
