// The reading of paths out of a document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsNamedIn, placesOf } from './document.ts';

test('folders and files in backticks are paths; commands, URLs, routes and types are not', () => {
  const text = [
    'The page to read is `gate/pipeline.ts`, then `decide.ts` in `policy/`.',
    'Run `npm test -- test/policy`; ask `/xiaozhi/ota/` or `https://a/b`; `node:sqlite`, `@types/node`, `10.0.0.0/8`,',
    '`application/json`, `test/flow/<behaviour>.test.ts`, and/or.',
    '```',
    'drawn `gone.ts` here',
    '```',
    '`test/attack/*.test.ts`',
  ].join('\n');
  assert.deepEqual(pathsNamedIn(text), [
    { path: 'gate/pipeline.ts', line: 1 },
    { path: 'decide.ts', line: 1 },
    { path: 'policy/', line: 1 },
    { path: 'test/attack/*.test.ts', line: 7 },
  ]);
});

test('a path is looked for at the root and under src/, a bare file name anywhere', () => {
  const files = ['src/gate/main.ts', 'src/cli/main.ts', 'src/policy/decide.ts'];
  assert.deepEqual(placesOf('gate/main.ts', files), ['gate/main.ts', 'src/gate/main.ts']);
  assert.deepEqual(placesOf('decide.ts', files), ['decide.ts', 'src/policy/decide.ts']);
  assert.deepEqual(placesOf('cide.ts', files), ['cide.ts']);
  assert.deepEqual(placesOf('test/attack/*.test.ts', files), ['test/attack/', 'src/test/attack/']);
});
