// The build: what `npm run build` makes runs by itself, with the packages beside it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { filesUnder, isRelative, readImports, resolveImport } from './imports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'otagate-build-'));
const dist = join(folder, 'dist');
const program = join(dist, 'cli', 'main.js');

before(() => {
  // As installed: package.json and the packages are one folder up.
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(dist, 'cli'), { recursive: true });
  for (const file of [program, join(dist, 'left-over.js')]) writeFileSync(file, '// of an earlier build\n');
  const built = build(dist);
  assert.equal(built.status, 0, built.stdout + built.stderr);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function build(out: string) {
  return spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), out], { encoding: 'utf8' });
}

test('the program runs as a command: shebang, executable bit, and the version of package.json', () => {
  assert.match(readFileSync(program, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  assert.equal(statSync(program).mode & 0o111, 0o111);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const asked = spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, PATH } });
  assert.equal(asked.stdout, `${version}\n`, asked.stderr);
  assert.equal(asked.status, 0);
});

test('every source file is built, and every import of the built files leads to one', () => {
  const ofProgram = (file: string): boolean => !/^(src|dist)\/dashboard\//.test(file);
  const sources = filesUnder(root, 'src', '.ts')
    .filter(ofProgram)
    .map((file) => file.replace(/^src(.*)\.ts$/, 'dist$1.js'));
  const built = filesUnder(folder, 'dist', '.js').filter(ofProgram);
  assert.deepEqual(built, sources, 'nothing of an earlier build is left, nothing is missing');
  const astray = built.flatMap((file) =>
    readImports(readFileSync(join(folder, file), 'utf8'))
      .filter(({ specifier }) => isRelative(specifier) && !existsSync(join(folder, resolveImport(file, specifier))))
      .map(({ line, specifier }) => `${file}:${line} ${specifier}`),
  );
  assert.deepEqual(astray, []);
});

test('the dashboard is built beside it, with nothing inline, and small', () => {
  const page = readFileSync(join(dist, 'dashboard', 'index.html'), 'utf8');
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  const named = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, file = '']) => file);
  assert.ok(named.length >= 3, 'an icon, a script and a style sheet');
  const bytes = named.map((file) => gzipSync(readFileSync(join(dist, 'dashboard', file))).length);
  const all = bytes.reduce((sum, one) => sum + one, gzipSync(page).length);
  assert.ok(all < 80 * 1024, `${all} bytes of gzip until the page is there`);
});

test('a folder that is not a build is left alone', () => {
  const own = join(folder, 'own');
  mkdirSync(own);
  writeFileSync(join(own, 'letter.txt'), 'dear');
  const refused = build(own);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /holds something other than a build/);
  assert.equal(readFileSync(join(own, 'letter.txt'), 'utf8'), 'dear');
});
