// The reading of imports, which the rules of the source tree rest on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageOf, readImports, resolveImport } from './imports.ts';

const forms: { text: string; specifier: string; line?: number; typeOnly?: boolean }[] = [
  { text: "import a from './a.ts';", specifier: './a.ts' },
  { text: "import { a, type B } from '../b/a.ts';", specifier: '../b/a.ts' },
  { text: "import type { A } from './a.ts';", specifier: './a.ts', typeOnly: true },
  { text: "import type A from './a.ts';", specifier: './a.ts', typeOnly: true },
  { text: "import type * as A from './a.ts';", specifier: './a.ts', typeOnly: true },
  { text: "import type, { a } from './a.ts';", specifier: './a.ts' },
  { text: "import * as a from './a.ts';", specifier: './a.ts' },
  { text: "import {\n  a,\n  b as c,\n} from './a.ts';", specifier: './a.ts', line: 4 },
  { text: "import './a.ts';", specifier: './a.ts' },
  { text: "import data from './a.json' with { type: 'json' };", specifier: './a.json' },
  { text: "export { a } from './a.ts';", specifier: './a.ts' },
  { text: "export * from './a.ts';", specifier: './a.ts' },
  { text: "export type { A } from './a.ts';", specifier: './a.ts', typeOnly: true },
  { text: "const a = await import('./a.ts');", specifier: './a.ts' },
  { text: 'import("./a.ts").then(use);', specifier: './a.ts' },
  { text: "type A = import('./a.ts').A;", specifier: './a.ts' },
  { text: 'const a = await import(name);', specifier: '' },
  { text: "// what it owns\n\nimport a from 'a';", specifier: 'a', line: 3 },
];

for (const { text, specifier, line = 1, typeOnly = false } of forms) {
  test(`reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readImports(text), [{ line, specifier, typeOnly }]);
  });
}

const none = [
  "// import a from './a.ts';",
  "/* import a from './a.ts'; */",
  "/**\n * import a from './a.ts';\n * import('./a.ts')\n */",
  "export const from = 'a';",
  "export function readAll(from: string) { return use(from, 'a'); }",
  "const text = 'not from'; const b = 'b';",
  "export const a = list.from('b');",
  'const url = import.meta.url;',
];

for (const text of none) {
  test(`reads no import in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readImports(text), []);
  });
}

test('follows relative imports, and knows the package of a bare one', () => {
  assert.equal(resolveImport('src/gate/actions/relay.ts', '../../base/errors.ts'), 'src/base/errors.ts');
  assert.equal(resolveImport('src/gate/main.ts', './live.ts'), 'src/gate/live.ts');
  assert.equal(packageOf('node:fs'), null);
  assert.equal(packageOf('./a.ts'), null);
  assert.equal(packageOf('undici'), 'undici');
  assert.equal(packageOf('zod/v4'), 'zod');
  assert.equal(packageOf('@fastify/static/lib'), '@fastify/static');
});
