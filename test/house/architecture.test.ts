// The source tree as it is: ranks, cycles, names and shapes; and ARCHITECTURE.md, which names nothing that is gone.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pathsNamedIn, placesOf } from './document.ts';
import { filesUnder, readSources, resolveImport } from './imports.ts';
import { importCycles, ownerOffences, rankOffences, shapeOffences, specifierOffences, unreadImports } from './rules.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = readSources(root);

function none(offences: readonly string[]): void {
  assert.ok(offences.length === 0, `\n${offences.join('\n')}`);
}

test('the tests see the source', () => {
  assert.ok(sources.length > 0);
  none(unreadImports(sources));
});

test('a folder imports only from folders of lower rank', () => none(rankOffences(sources)));

test('no imports go round in a circle, types included', () => none(importCycles(sources)));

test('relative imports end in .ts and lead to a file', () => {
  none(specifierOffences(sources));
  const files = new Set(sources.map(({ file }) => file));
  none(
    sources.flatMap(({ file, imports }) =>
      imports
        .filter(({ specifier }) => specifier.startsWith('.') && !files.has(resolveImport(file, specifier)))
        .map(({ line, specifier }) => `${file}:${line} leads nowhere: ${specifier}`),
    ),
  );
});

test('packages with an owner are imported by it alone', () => none(ownerOffences(sources)));

test('every source file has a telling name, says what it owns, and stays short', () => none(shapeOffences(sources)));

test('every path that ARCHITECTURE.md names exists', () => {
  const document = join(root, 'ARCHITECTURE.md');
  assert.ok(existsSync(document), 'ARCHITECTURE.md is missing');
  const files = ['src', 'test', 'scripts'].flatMap((folder) => filesUnder(root, folder, '.ts'));
  const named = pathsNamedIn(readFileSync(document, 'utf8'));
  assert.ok(named.length > 0, 'ARCHITECTURE.md names no path at all');
  none(
    named
      .filter(({ path }) => !placesOf(path, files).some((place) => existsSync(join(root, place))))
      .map(({ path, line }) => `ARCHITECTURE.md:${line} names \`${path}\`, which does not exist`),
  );
});
