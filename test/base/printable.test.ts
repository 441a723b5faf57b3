// Text from outside is printed on one line, of bounded length, and cannot drive a terminal.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { printable } from '../../src/base/printable.ts';

const table: [text: string, shown: string][] = [
  ['plain text, 固件 é 😀', 'plain text, 固件 é 😀'],
  ['a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
  ['\x1b[31m\x07\x00\x7f', '\\x1b[31m\\x07\\x00\\x7f'],
  ['\u009b31m\u0085', '\\x9b31m\\x85'],
  ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['\u202eexe.bin\u2066\u2069', '\\u202eexe.bin\\u2066\\u2069'],
  ['\ufeffa', '\\ufeffa'],
];

for (const [text, shown] of table) it(JSON.stringify(text), () => assert.equal(printable(text), shown));

it('cuts what is too long, and says so', () => {
  assert.equal(printable('x'.repeat(200)), 'x'.repeat(200));
  assert.equal(printable('x'.repeat(201)), `${'x'.repeat(200)}…`);
  assert.equal(printable('abcdef', 3), 'abc…');
  assert.ok(printable('\n'.repeat(1_000_000)).length < 1000);
});
