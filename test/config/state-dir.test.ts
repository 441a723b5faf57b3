// Owns finding the stateDir of a file that somebody is just editing: its gate must be reachable all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateDirIn } from '../../src/config/state-dir.ts';

const FILE = '/etc/otagate/otagate.yaml';

const BROKEN: [what: string, text: string][] = [
  ['a list that is open behind it', 'stateDir: /var/lib/otagate\nroutes: [\n'],
  ['a list that is open before it', 'routes: [{ name: a\nstateDir: /var/lib/otagate\n'],
  ['a quote that is open before it', 'domain: "a.example.com\nstateDir: /var/lib/otagate\n'],
  ['a tab', 'stateDir: /var/lib/otagate\nlog:\n\tlevel: info\n'],
  ['a wrong indent', 'log:\n    level: info\n  format: json\nstateDir: /var/lib/otagate\n'],
  [
    'two versions of a merge',
    '<<<<<<< ours\nworkers: 1\n=======\nworkers: 2\n>>>>>>> theirs\nstateDir: /var/lib/otagate\n',
  ],
  ['an alias of nothing', 'domain: *none\nstateDir: /var/lib/otagate\n'],
  ['a control character', 'domain: a\u0000b\nstateDir: /var/lib/otagate\n'],
  ['a name in quotes, a comment, and CRLF', 'routes: [\r\n"stateDir": \'/var/lib/otagate\' # ours\r\n'],
  ['a name from the environment', `stateDir: $\{LIB}/otagate\nroutes: [\n`],
];

test('stateDir is found in a file that is no YAML as a whole', () => {
  for (const [what, text] of BROKEN)
    assert.equal(stateDirIn(text, FILE, { LIB: '/var/lib' }), '/var/lib/otagate', what);
});

test('a relative one starts at the folder of the file', () => {
  assert.equal(stateDirIn('stateDir: ./state\nroutes: [\n', FILE, {}), '/etc/otagate/state');
});

test('a stateDir of something else does not count', () => {
  assert.equal(stateDirIn('other:\n  stateDir: /tmp\n# stateDir: /tmp\nroutes: [\n', FILE, {}), '/etc/data');
});

test('where its own line is broken, none is guessed', () => {
  for (const line of ['stateDir: "/var/lib/otagate', 'stateDir: [', 'stateDir: *none', 'stateDir:']) {
    assert.equal(stateDirIn(`${line}\nroutes: [\n`, FILE, {}), null, line);
  }
});
