// Owns ${NAME}: what is filled in, and that nothing filled in is ever printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillIn } from '../../src/config/environment.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { BASE, configOf, faultsOf } from './checked.ts';

test('names, defaults and the escape', () => {
  const env = { A: 'x', EMPTY: '', SNEAKY: `$\{A}` };
  const table: [string, string][] = [
    ['no reference', 'no reference'],
    [`$\{A}-$\{A}`, 'x-x'],
    [`$\{EMPTY}`, ''],
    [`$\{EMPTY:-d}`, 'd'],
    [`$\{NONE:-d:-e}`, 'd:-e'],
    [`$\{NONE:-}`, ''],
    [`$$\{A}`, `$\{A}`],
    [`$\{SNEAKY}`, `$\{A}`],
    ['$A and $', '$A and $'],
  ];
  for (const [written, read] of table) {
    const filled = fillIn(written, env);
    assert.equal(filled.text, read, written);
    assert.equal(filled.wrong, undefined, written);
  }
  for (const written of [`$\{`, `$\{A`, `$\{}`, `$\{1A}`, `$\{A-b}`, `$\{NONE}`, `$\{toString}`, `$\{__proto__}`]) {
    assert.notEqual(fillIn(written, env).wrong, undefined, written);
  }
});

test('numbers, switches and lists may come from the environment', () => {
  const yaml = `domain: $\{D}
upstream: { preset: xiaozhi-full, host: "$\{H:-10.0.0.1}", ports: { voice: "$\{V}" } }
workers: $\{W}
listen: { http: "$\{P}" }
tls: { localCa: "$\{L}" }
`;
  const config = configOf(yaml, { D: 'a.example.com', V: '9000', W: '2', P: '8080', L: 'true' });
  assert.deepEqual(config.upstreams.voice, ['http://10.0.0.1:9000']);
  assert.deepEqual([config.workers, config.listen.http[0]?.port, config.domains], [2, 8080, ['a.example.com']]);
});

test('a value can bring no YAML with it', () => {
  const [fault] = faultsOf(`domain: $\{D}\nupstream: { preset: xiaozhi-full, host: a }\n`, {
    D: 'a.example.com\nworkers: 3',
  });
  assert.equal(fault?.path, 'domain');
});

test('an unset variable is told once, with the name that was meant', () => {
  const faults = faultsOf(`${BASE}stateDir: $\{STATE_DRI}\n`, { STATE_DIR: '/x' });
  assert.equal(faults.length, 1);
  assert.equal(faults[0]?.suggestion, `$\{STATE_DIR}`);
  assert.deepEqual([faults[0]?.line, faults[0]?.column], [3, 11]);
});

test('what came from the environment is not printed, neither as found nor as a suggestion', () => {
  const secret = 'https://hunter2.example.com/x';
  for (const yaml of [
    `domain: $\{S}\nupstream: { preset: xiaozhi-full, host: a }\n`,
    `${BASE}upstreams: { a: $\{S} }\nroutes: [{ name: a, path: /a/, upstream: a }]\n`
      .replace('{ a: $', '{ a: "$')
      .replace('S} }', 'S}" }'),
    `${BASE}limits: { idle: "$\{S}" }\n`,
    `${BASE}log: { level: "$\{S}" }\n`,
    `${BASE}tls: { certificates: [{ cert: "$\{S}", key: "$\{S}" }] }\n`,
  ]) {
    const faults = faultsOf(yaml, { S: secret });
    assert.ok(faults.length > 0, yaml);
    for (const fault of faults) {
      assert.doesNotMatch(formatFinding(fault), /hunter2/);
      assert.equal(fault.found, `"$\{S}"`);
    }
  }
});

test('a password in a URL is not printed', () => {
  const yaml = `${BASE}upstreams: { a: "http://root:hunter2@10.0.0.1/x" }\nroutes: [{ name: a, path: /a/, upstream: a }]\n`;
  const [fault] = faultsOf(yaml);
  assert.equal(fault?.problem, 'has a user name or a password in it');
  assert.doesNotMatch(formatFinding(fault ?? assert.fail()), /hunter2/);
});
