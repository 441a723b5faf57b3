// The packages of package.json: what runs in production has what it imports, and carries nothing that it does not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isRelative, packageOf, readSources, resolveImport, type SourceFile } from './imports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};
const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
const sources = readSources(root);

/** Where the processes of production start. */
const ENTRIES = ['src/cli/main.ts', 'src/gate/main.ts'];
const FOR_TRIALS = /^src\/(demo|device)\//;
/** Packed by Vite into files that import nothing. */
const BUNDLED = /^src\/dashboard\//;

/** The files that these entries load. Types are stripped, so what is imported as a type only is not loaded. */
function reachable(entries: readonly string[]): Set<string> {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { specifier } of loadedBy(byFile.get(file))) {
      if (isRelative(specifier)) visit(resolveImport(file, specifier));
    }
  };
  for (const entry of entries) visit(entry);
  return reached;
}

function loadedBy(source: SourceFile | undefined) {
  return source?.imports.filter(({ typeOnly }) => !typeOnly) ?? [];
}

function isLacking(name: string | null): boolean {
  return name !== null && !dependencies.includes(name);
}

test('what a process of production imports is among the dependencies, not the devDependencies', () => {
  const loaded = reachable(ENTRIES);
  assert.ok(loaded.size > ENTRIES.length, 'the entries exist and import something');
  const lacking = sources
    .filter(({ file }) => loaded.has(file) || !(FOR_TRIALS.test(file) || BUNDLED.test(file)))
    .flatMap((source) =>
      loadedBy(source)
        .filter(({ specifier }) => isLacking(packageOf(specifier)))
        .map(({ specifier, line }) => `${source.file}:${line} ${specifier}`),
    );
  assert.deepEqual(lacking, []);
});

test('every dependency is imported by the source', () => {
  const imported = new Set(sources.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier))));
  assert.deepEqual(
    dependencies.filter((name) => !imported.has(name)),
    [],
  );
});
