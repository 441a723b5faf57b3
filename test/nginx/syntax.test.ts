// nginx's syntax: words, quotes, comments and blocks, each with its line; what is broken is told at its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Directive, parseNginx } from '../../src/nginx/syntax.ts';

function inWords(directives: readonly Directive[]): unknown[] {
  return directives.map(({ name, args, block, place }) => [
    place.line,
    name,
    ...args,
    ...(block ? [inWords(block)] : []),
  ]);
}

const READ: [text: string, expected: unknown[]][] = [
  ['', []],
  ['# nothing\n\n', []],
  ['listen 80;', [[1, 'listen', '80']]],
  ['a "b c"\n \'d;{}\' e;', [[1, 'a', 'b c', 'd;{}', 'e']]],
  ['a "b \\" c" "";', [[1, 'a', 'b " c', '']]],
  ['server {\n  listen 80; # why\n}\n', [[1, 'server', [[2, 'listen', '80']]]]],
  ['set $a $\u007bb}c;', [[1, 'set', '$a', '$\u007bb}c']]],
  ['location ~ ^/\\d{3}/x$ { return 404; }', [[1, 'location', '~', '^/\\d{3}/x$', [[1, 'return', '404']]]]],
  [
    'a "two\nlines";\nb;',
    [
      [1, 'a', 'two\nlines'],
      [3, 'b'],
    ],
  ],
  [
    'a;;b;',
    [
      [1, 'a'],
      [1, 'b'],
    ],
  ],
];

for (const [text, expected] of READ) {
  test(`reads ${JSON.stringify(text)}`, () => {
    const parsed = parseNginx(text, 'f');
    assert.ok(parsed.ok);
    assert.deepEqual(inWords(parsed.directives), expected);
  });
}

const BROKEN: [text: string, line: number, problem: RegExp][] = [
  ['server {\n listen 80;\n', 3, /"\}" is missing/],
  ['listen 80;\n}', 2, /ends no block/],
  ['listen 80', 1, /"listen" ends neither/],
  ['a;\n{ b; }', 2, /a block has no name/],
  ['a;\nb "c;', 2, /a quote has no end/],
  ['a {'.repeat(50), 1, /ends neither/],
];

for (const [text, line, problem] of BROKEN) {
  test(`tells what is wrong in ${JSON.stringify(text.slice(0, 40))}`, () => {
    const parsed = parseNginx(text, 'f');
    assert.ok(!parsed.ok);
    assert.equal(parsed.place.line, line);
    assert.match(parsed.problem, problem);
  });
}

test('any bytes are read or refused, in time', () => {
  const started = performance.now();
  for (const piece of ['{', '}', '"', '\\', '${', "'", '#\n', ';', 'a b {', '\0'])
    parseNginx(piece.repeat(50_000), 'f');
  assert.ok(performance.now() - started < 60_000);
});
