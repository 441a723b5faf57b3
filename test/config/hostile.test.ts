// Owns files that mean harm, or that are no configuration at all: each gets a clear answer, soon.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { formatFinding } from '../../src/config/finding.ts';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, brief, check, configOf, faultsOf } from './checked.ts';

test('keys of the prototype are unknown keys, everywhere', () => {
  const yaml = `${BASE}__proto__: { polluted: 1 }
constructor: 1
upstreams: { __proto__: "http://a", constructor: "http://b", toString: "http://c" }
routes: [{ name: a, path: /a/, upstream: hasOwnProperty, __proto__: {} }, { name: b, path: /b/, upstream: constructor }]
openings: [{ route: __proto__, until: 2026-06-02T00:00:00Z }]
`;
  const faults = faultsOf(yaml);
  assert.deepEqual(
    faults.map(({ path }) => path),
    [
      '__proto__',
      'constructor',
      'upstreams.__proto__',
      'routes[0].upstream',
      'routes[0].__proto__',
      'openings[0].route',
    ],
  );
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('an alias bomb is refused', () => {
  const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`);
  const started = performance.now();
  const faults = faultsOf(`l0: &l0 [lol]\n${levels.join('\n')}\n${BASE}`);
  assert.ok(performance.now() - started < 2000);
  assert.deepEqual(brief(faults), ['1:1 : has aliases that unfold to too much']);
});

test('many aliases, aliases into themselves, and aliases of nothing are refused', () => {
  assert.deepEqual(brief(faultsOf(`a: &a 1\nb: [${Array(101).fill('*a').join(', ')}]\n`)), [
    '2:405 : has too many aliases',
  ]);
  assert.deepEqual(brief(faultsOf(`${BASE}routes: &r [ *r ]\n`)), ['3:14 : is an alias that holds itself']);
  assert.deepEqual(brief(faultsOf(`${BASE}workers: *none\n`)), ['3:10 : is an alias without an anchor before it']);
});

test('a few aliases are fine, and their faults have a place', () => {
  const yaml = (host: string): string => `domain: &d ${host}
upstream: { preset: xiaozhi-full, host: a }
routes: [{ name: a, path: /a/, host: *d, upstream: console }]
`;
  assert.equal(configOf(yaml('ota.example.com')).routes.at(-1)?.host, 'ota.example.com');
  assert.deepEqual(brief(faultsOf(yaml('ota_x.example.com'))), [
    '1:12 domain: has an underscore, for which no authority signs a certificate',
    '3:38 routes[0].host: has an underscore, for which no authority signs a certificate',
  ]);
});

test('deep nesting is refused: brackets by the mebibyte, and blocks', () => {
  for (const yaml of ['['.repeat(1 << 20), '- '.repeat(20_000), '{a: '.repeat(60) + '}'.repeat(60)]) {
    const faults = faultsOf(yaml);
    assert.ok(faults.length >= 1 && faults.length < 5, String(faults.length));
    assert.match(faults[0]?.problem ?? '', /nested too deeply/);
  }
});

test('many keys take no long time: each another one, all the same one, each twice', () => {
  for (const different of [60_000, 1, 30_000]) {
    // Of this process: others may be busy.
    const before = process.cpuUsage();
    faultsOf(Array.from({ length: 60_000 }, (_, index) => `key${index % different}: 1`).join('\n'));
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 5_000_000, `${different} different ones: ${(user + system) / 1000} ms`);
  }
});

test('control characters are refused, with their place', () => {
  assert.deepEqual(brief(faultsOf(`${BASE}stateDir: a\0b\n`)), ['3:12 : holds a control character']);
  assert.deepEqual(brief(faultsOf('\u007fELF')), ['1:1 : holds a control character']);
});

test('what is found is printed on one line, without controls', () => {
  const [fault] = faultsOf(`${BASE}log: { level: "\\e[2J\\nfake:1:1: fault" }\n`);
  assert.equal(fault?.found, '"\\x1b[2J\\x0afake:1:1: fault"');
  const [key] = faultsOf(`${BASE}"\\e[31m": 1\n`);
  assert.equal(key?.path, '["\\x1b[31m"]');
  const [name] = faultsOf(
    `${BASE}upstreams: { "\\ex": "http://a" }\nroutes: [{ name: a, path: /a/, upstream: nope }]\n`,
  );
  for (const each of [fault, key, name]) {
    assert.doesNotMatch(formatFinding(each ?? assert.fail()), /\p{Cc}/u);
  }
});

test('CRLF counts like LF', () => {
  assert.deepEqual(configOf(BASE.replaceAll('\n', '\r\n')), configOf(BASE));
  assert.deepEqual(brief(faultsOf(`${BASE}workers: all\n`.replaceAll('\n', '\r\n'))), [
    '3:10 workers: is not a whole number',
  ]);
});

test('tabs for indentation are told as that', () => {
  assert.deepEqual(brief(faultsOf(`${BASE}log:\n\tlevel: info\n`)), ['4:1 : is indented with a tab']);
});

test('text that is no YAML is told where it ends to be any, and its values stay out of the message', () => {
  for (const yaml of [
    `${BASE}a: b: hunter2`,
    `${BASE}token: "hunter2\n`,
    `${BASE}listen: { http: \${hunter2} }\n`,
    `${BASE}a: 1\n b: hunter2\n`,
  ]) {
    const faults = faultsOf(yaml);
    assert.equal(faults.length, 1, yaml);
    assert.ok((faults[0]?.line ?? 0) >= 3, yaml);
    assert.doesNotMatch(formatFinding(faults[0] ?? assert.fail()), /hunter2/);
  }
});

test('files that say nothing, or hold no keys', () => {
  const table: [string, RegExp][] = [
    ['# only a comment\n', /says nothing, expected at least domain and upstream/],
    ['---\n', /says nothing/],
    ['- domain: a\n', /is a list at the top/],
    ['domain\n', /holds no keys/],
    ['domain:a.example.com\n', /space behind each colon/],
    [`${BASE}---\n${BASE}`, /second document/],
    ['? [a]\n: b\n', /key that is not text/],
  ];
  for (const [yaml, text] of table) {
    const faults = faultsOf(yaml);
    assert.equal(faults.length, 1, yaml);
    assert.match(formatFinding(faults[0] ?? assert.fail()), text);
  }
});

test('tags mean nothing here and are warned about', () => {
  const loaded = check(`${BASE}stateDir: !!js/function "return 1"\n`);
  assert.deepEqual(brief(loaded.warnings), ['3:11 : has a tag or a directive that means nothing here']);
});

/** A small generator (mulberry32), so that a failure can be run again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

test('junk in any place is told and never throws', () => {
  const roll = dice(20260601);
  const junk = [
    null,
    true,
    0,
    -1,
    1e300,
    '',
    ' ',
    'none',
    '\u{1f600}',
    [],
    [[]],
    [null],
    {},
    { a: 1 },
    ['a', 1, {}],
    '*',
    '[::]',
    '/',
  ];
  const junkFor = (value: unknown): unknown => {
    if (roll(6) === 0) return junk[roll(junk.length)];
    if (Array.isArray(value)) return value.map(junkFor);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) => [roll(20) === 0 ? key.slice(1) : key, junkFor(below)]),
    );
  };
  const whole: unknown = parse(
    printLongForm(configOf(`${BASE}openings: [{ route: ota, until: 2026-06-02T00:00:00Z }]\n`)),
  );
  for (let round = 0; round < 300; round += 1) {
    const yaml = stringify(junkFor(whole));
    const loaded = check(yaml);
    if (loaded.ok) configOf(printLongForm(loaded.config));
    else
      assert.ok(
        loaded.faults.length > 0 && loaded.faults.every((fault) => fault.line > 0 && fault.problem !== ''),
        yaml,
      );
  }
});
