// Owns the promise that one run tells every fault, each with its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { brief, check, faultsOf } from './checked.ts';

const SEVEN = `domain: https://ota.example.com/
upstream: { preset: xiaozhi-full, host: 192.168.1.5 }
listen:
  http: 443
limits:
  drian: 30s
routes:
  - name: mcp
    path: /mcp/
    upstream: consol
  - name: mcp
    path: mcp-two/
    upstream: console
openings:
  - { route: voice, until: 2026-06-02T00:00:00Z }
`;

test('seven mistakes in shapes and references give seven located messages', () => {
  const faults = faultsOf(SEVEN);
  assert.deepEqual(brief(faults), [
    '1:9 domain: is a URL',
    '4:9 listen.http: is in the way of listen.https ([::]:443, which is so where nothing is said)',
    '6:3 limits.drian: is not a key known here',
    '10:15 routes[0].upstream: names an upstream that does not exist',
    '11:11 routes[1].name: is the same as routes[0].name',
    '12:11 routes[1].path: does not begin with /',
    '15:14 openings[0].route: names a route that has the role device',
  ]);
  assert.deepEqual(
    faults.map(({ suggestion }) => suggestion),
    ['ota.example.com', undefined, 'drain', 'console', undefined, '/mcp-two/', undefined],
  );
});

test('a message is one line: file, line, column, path, found, expected, suggestion', () => {
  const [first] = faultsOf(SEVEN);
  assert.ok(first);
  assert.equal(
    formatFinding(first),
    '/etc/otagate/otagate.yaml:1:9: domain: is a URL (found "https://ota.example.com/"), ' +
      'expected a bare host name or an address, such as ota.example.com; did you mean "ota.example.com"?',
  );
});

test('references are checked in a file whose upstream, listen and openings are all of the wrong kind', () => {
  const yaml = `domains: [a.example.com]
upstream: { preset: xiaozhi-full, host: "" }
listen: 80
openings: ota
routes:
  - { name: a, host: b.example.com, path: /a/, upstream: nowhere, role: wbe }
`;
  assert.deepEqual(brief(faultsOf(yaml)), [
    '2:41 upstream.host: is empty',
    '3:9 listen: is not of the right kind',
    '4:11 openings: is not of the right kind',
    '6:22 routes[0].host: is not among the domains',
    '6:58 routes[0].upstream: names an upstream that does not exist',
    '6:73 routes[0].role: is not one of the words known here',
  ]);
});

test('a misspelt key is told once, and not as a missing one too', () => {
  assert.deepEqual(brief(faultsOf('domian: a.example.com\nupstream: { preset: xiaozhi-full, hots: 10.0.0.1 }\n')), [
    '1:1 domian: is not a key known here',
    '2:35 upstream.hots: is not a key known here',
  ]);
});

test('a name that may be the one that cannot be read is not called missing', () => {
  const yaml = `domain: a.example.com
upstream: { preset: xiaozhi-ful, host: 10.0.0.1 }
routes: [{ name: a, path: /a/, upstream: console }]
openings: [{ route: ota, until: 2026-06-02T00:00:00Z }]
`;
  assert.deepEqual(brief(faultsOf(yaml)), ['2:21 upstream.preset: is not one of the words known here']);
});

test('thousands of faults are told in a bounded number of lines, with the number of the rest', () => {
  const yaml = Array.from({ length: 5000 }, (_, index) => `zz${index}qq: 1`).join('\n');
  const faults = faultsOf(yaml);
  assert.equal(faults.length, 201);
  assert.match(faults.at(-1)?.problem ?? '', /^has 480\d more faults or warnings$/);
});

test('warnings come with the faults, and do not count as one', () => {
  const loaded = check(
    'domain: a.example.com\nupstream: { preset: xiaozhi-full, host: 10.0.0.1 }\notaOverHttp: always\n',
  );
  assert.equal(loaded.ok, true);
  assert.deepEqual(brief(loaded.warnings), [
    '3:14 otaOverHttp: lets everyone fetch firmware without TLS: whoever sits on the line can then hand out another one',
  ]);
  assert.match(formatFinding(loaded.warnings[0] ?? assert.fail()), /:3:14: warning: otaOverHttp: /);
});
