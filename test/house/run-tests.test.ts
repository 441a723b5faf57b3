// `npm test` itself, on a small project of its own: what it runs, how it ends, and what it says of missing peers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'otagate-run-'));

const files: Record<string, string> = {
  'test/good.test.ts': `import { test } from 'node:test'; const n: number = 1; test('good', () => console.log('RAN good', n));`,
  'test/deep/er/bad.test.ts': `import { test } from 'node:test'; test('bad', () => { throw new Error('RAN bad'); });`,
  'test/deep/not-a-test.ts': `throw new Error('RAN not-a-test');`,
  'test/old/node.test.ts': `import { test } from 'node:test'; import { execFileSync } from 'node:child_process';
    test('node', () => console.log('RAN', process.version, execFileSync('node', ['--version'], { encoding: 'utf8' })));`,
  'test/peers/two.test.ts': `import { test } from 'node:test'; import { peer } from '../peer.ts';
    const { skip } = peer('unicorn'); test('a', { skip }, () => {}); test('b', { skip }, () => {}); test('c', () => {});`,
  'test/hung/timer.test.ts': `import { test } from 'node:test'; test('over', () => { setInterval(() => {}, 1000); });`,
};
const unicorn = `{ name: 'unicorn', package: 'libunicorn-dev', proof: { file: '/no/such/unicorn.h' }, use: 'magic' }`;

before(() => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
  cpSync(join(root, 'test/peer.ts'), join(folder, 'test/peer.ts'));
  // Packages that look newer than their lock: the command under test is not to install anything here, and could not
  // harm the project's own folder if it did.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/.bin'), join(folder, 'node_modules/.bin'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const lock of ['package-lock.json', 'node_modules/.package-lock.json']) writeFileSync(join(folder, lock), '{}');
  setPeers('[]');
});
after(() => rmSync(folder, { recursive: true, force: true }));

function setPeers(list: string): void {
  cpSync(join(root, 'scripts/peers.mjs'), join(folder, 'scripts/real-peers.mjs'));
  const text = `export { MISSING, installLine, isCi, isThere } from './real-peers.mjs';
    export const peers = ${list};
    export const missingPeers = () => peers;
    // Not even root finds an apt-get here.
    export const findBinary = () => null;`;
  writeFileSync(join(folder, 'scripts/peers.mjs'), text);
}

function npmTest(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  // The runner refuses to run within itself, and tells by this variable.
  const { NODE_TEST_CONTEXT: _, CI: __, ...own } = process.env;
  const child = spawn(process.execPath, [join(folder, 'scripts/test.mjs'), ...args], {
    cwd: folder,
    env: { ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

const spec = '--test-reporter=spec';

test('paths narrow it, options reach the runner, and success is 0', async () => {
  const { code, out, err } = await npmTest(['test/good.test.ts']);
  assert.equal(code, 0, out + err);
  assert.match(err, /1 tests: 1 passed, 0 failed, 0 skipped/);
  const chosen = await npmTest(['test/deep', 'test/good.test.ts', '--test-name-pattern=good', spec]);
  assert.equal(chosen.code, 0);
  assert.match(chosen.out, /RAN good 1/);
  assert.doesNotMatch(chosen.out, /RAN bad/);
});

test('a folder is searched to its depth for tests alone, and a failure is passed on', async () => {
  const { code, out } = await npmTest(['test/deep', spec]);
  assert.equal(code, 1);
  assert.match(out, /RAN bad/);
  assert.doesNotMatch(out, /RAN not-a-test/);
});

test('a path without a test is wrong use, not a success', async () => {
  const { code, err } = await npmTest(['test/nowhere']);
  assert.equal(code, 2);
  assert.match(err, /test\/nowhere holds no test/);
});

test('tests run on the project’s Node, and so does a `node` that they start', async () => {
  const { out } = await npmTest(['test/old', spec], { PATH: '/usr/bin:/bin' });
  assert.match(out, new RegExp(`RAN ${process.version} ${process.version}`));
});

test('a missing peer is repeated at the end with what it cost, and fails under CI alone', async () => {
  setPeers(`[${unicorn}]`);
  try {
    const here = await npmTest(['test/peers']);
    assert.equal(here.code, 0, here.out + here.err);
    assert.match(here.err, /sudo apt-get install -y --no-install-recommends libunicorn-dev/);
    assert.match(here.err, /MISSING PEERS: unicorn\nTESTS SKIPPED FOR IT: 2\n {2}2 × missing peer: unicorn/);
    const other = await npmTest(['test/good.test.ts'], { CI: 'true' });
    assert.equal(other.code, 1, 'although no test asked for it');
    assert.match(other.err, /Under CI this is a failure/);
    const asked = await npmTest(['test/peers'], { CI: 'true' });
    assert.equal(asked.code, 1);
    assert.match(asked.out, /missing peer: unicorn/);
  } finally {
    setPeers('[]');
  }
});

test('a file that never ends is named, and ends the run', async () => {
  const { code, out, err } = await npmTest(['test/hung'], { OTAGATE_TEST_SILENCE_MS: '1500', CI: 'true' });
  assert.notEqual(code, 0);
  assert.match(err, /No test began or ended for 1.5 s/);
  assert.match(out, /Interrupted while running:[\s\S]*timer\.test\.ts/);
});
