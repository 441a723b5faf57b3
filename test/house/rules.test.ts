// The rules of the source tree, tried on small trees that break them one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readImports, type SourceFile } from './imports.ts';
import { importCycles, ownerOffences, rankOffences, shapeOffences, specifierOffences, unreadImports } from './rules.ts';

function tree(files: Record<string, string>): SourceFile[] {
  return Object.entries(files).map(([file, text]) => ({ file, text, imports: readImports(text) }));
}

test('a folder may import from a lower rank and from itself', () => {
  const files = {
    'src/gate/actions/relay.ts': "import type { A } from '../../base/a.ts';\nimport { b } from '../main.ts';",
    'src/cli/main.ts': "import { a } from '../control/a.ts';",
  };
  assert.deepEqual(rankOffences(tree(files)), []);
});

test('a folder may not import from a higher rank, an equal, an unknown folder, or outside', () => {
  const offence = (file: string, specifier: string) =>
    rankOffences(tree({ [file]: `// a\nimport type { A } from '${specifier}';` }));
  assert.deepEqual(offence('src/base/a.ts', '../config/b.ts'), [
    'src/base/a.ts:2 base/ (rank 0) may not import from config/ (rank 1)',
  ]);
  assert.deepEqual(offence('src/gate/actions/a.ts', '../../control/b.ts'), [
    'src/gate/actions/a.ts:2 gate/ (rank 6) may not import from control/ (rank 6)',
  ]);
  assert.deepEqual(offence('src/cli/a.ts', '../misc/b.ts'), ['src/cli/a.ts:2 a folder without a rank: misc/']);
  assert.deepEqual(offence('src/cli/a.ts', '../../test/b.ts'), ['src/cli/a.ts:2 leaves src/: ../../test/b.ts']);
});

test('a cycle is found, also one of types alone, and named by its lines', () => {
  const files = {
    'src/base/a.ts': "// a\nimport { b } from './b.ts';",
    'src/base/b.ts': "// b\n\nimport type { C } from './c.ts';",
    'src/base/c.ts': "export type { A } from './a.ts';",
    'src/base/d.ts': "import { a } from './a.ts';",
  };
  assert.deepEqual(importCycles(tree(files)), [
    'src/base/a.ts:2 → src/base/b.ts:3 → src/base/c.ts:1 → back to src/base/a.ts',
  ]);
  assert.deepEqual(importCycles(tree({ ...files, 'src/base/c.ts': '// c' })), []);
  assert.equal(importCycles(tree({ 'src/base/a.ts': "import './a.ts';" })).length, 1);
});

test('a relative import ends in .ts, and every import() can be followed', () => {
  const text = "import a from './a';\nimport b from './b.js';\nimport c from 'c';\nimport(d);\nimport e from './e.ts';";
  assert.deepEqual(
    specifierOffences(tree({ 'src/cli/x.ts': text })).map((offence) => offence.split(' ')[0]),
    ['src/cli/x.ts:1', 'src/cli/x.ts:2', 'src/cli/x.ts:4'],
  );
});

test('packages with an owner are imported by it alone', () => {
  const files = {
    'src/gate/proxy-engine.ts': "import p from 'http-proxy';",
    'src/gate/proxy-engine.ts.ts': "import p from 'http-proxy';",
    'src/tls/acme/order.ts': "import a from 'acme-client';\nimport f from 'node-forge';",
    'src/cli/a.ts': "import type { F } from 'node-forge/lib/x.js';",
  };
  assert.deepEqual(ownerOffences(tree(files)), [
    'src/gate/proxy-engine.ts.ts:1 http-proxy belongs to src/gate/proxy-engine.ts',
    'src/cli/a.ts:1 node-forge belongs to src/tls/',
  ]);
});

test('names, first lines, lengths and console.log are held', () => {
  const offences = (file: string, text: string) => shapeOffences(tree({ [file]: text })).length;
  for (const name of ['index', 'utils', 'util', 'types', 'helpers'])
    assert.equal(offences(`src/a/${name}.ts`, '// a'), 1);
  assert.equal(offences('src/utils/a.ts', '// a'), 1);
  assert.equal(offences('src/a/reindex.ts', '// a'), 0);
  assert.equal(offences('src/a/a.ts', '#!/usr/bin/env node\n// a'), 0);
  assert.equal(offences('src/a/a.ts', "import a from 'a';\n// a"), 1);
  assert.equal(offences('src/a/a.ts', '//\n'), 1);
  assert.equal(offences('src/a/a.ts', `// a\n${'a;\n'.repeat(299)}`), 0);
  assert.equal(offences('src/a/a.ts', `// a\n${'a;\n'.repeat(300)}`), 1);
  assert.equal(offences('src/gate/a.ts', '// a\nconsole.log(1);'), 1);
  assert.equal(offences('src/gate/a.ts', '// no console.log here'), 0);
  assert.equal(offences('src/cli/a.ts', '// a\nconsole.log(1);'), 0);
});

test('an import that cannot be read is an offence, not a gap', () => {
  assert.deepEqual(unreadImports(tree({ 'src/a/a.ts': "// a\nimport { 'x-y' as b } from './b.ts';" })), [
    'src/a/a.ts:2 is an import that this test cannot read',
  ]);
  assert.deepEqual(unreadImports(tree({ 'src/a/a.ts': "// a\nimport {\n  b,\n} from './b.ts';" })), []);
});
