// Runs the tests on a fresh machine: npm packages, then the peers from Debian, then every test on the project's own Node.
// This file runs on whatever Node is there already. `npm test -- test/policy` narrows it; options go to `node --test`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ensureDashboard } from './dashboard.mjs';
import { compileCache, install, projectNode, root } from './install.mjs';
import { installPeers } from './install-peers.mjs';
import { installLine, isCi } from './peers.mjs';
import { selectTests } from './test-files.mjs';

const { options, files } = select(process.argv.slice(2));
await install();
ensureDashboard();
const missing = await installPeers();
const results = mkdtempSync(join(tmpdir(), 'otagate-test-'));
const exitCode = await runTests(join(results, 'results')).catch((error) => {
  console.error(`The tests could not be run: ${error.message}`);
  return 1;
});
const { counts, skips } = readResults(join(results, 'results'));
rmSync(results, { recursive: true, force: true });
report(counts, skips);
process.exit(exitCode === 0 && missing.length > 0 && isCi() ? 1 : exitCode);

function select(args) {
  try {
    return selectTests(root, args);
  } catch (error) {
    console.error(error.message);
    return process.exit(2);
  }
}

function runTests(resultsFile) {
  const own = options.some((option) => option.startsWith('--test-reporter'));
  const visible = process.stdout.isTTY || isCi() ? 'spec' : 'dot';
  const args = [
    '--test',
    '--test-concurrency=3', // one more than the smallest machine that we care for has cores: many tests wait
    '--test-timeout=120000',
    ...(own ? [] : [`--test-reporter=${visible}`, '--test-reporter-destination=stdout']),
    ...(own ? [] : [`--test-reporter=${new URL('test-watch.mjs', import.meta.url)}`]),
    ...(own ? [] : [`--test-reporter-destination=${resultsFile}`]),
    ...options,
    ...files,
  ];
  const env = {
    ...compileCache,
    ...process.env,
    PATH: [dirname(projectNode()), process.env.PATH].join(delimiter),
    OTAGATE_MISSING_PEERS: missing.map((peer) => peer.name).join(','),
  };
  const child = spawn(projectNode(), args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function readResults(file) {
  let lines = [];
  try {
    lines = readFileSync(file, 'utf8').split('\n').filter(Boolean).map(JSON.parse);
  } catch {
    // The run ended before its first result, or with a reporter of the caller's choice.
  }
  return {
    counts: lines.find((line) => line.counts !== undefined)?.counts,
    skips: lines.flatMap((line) => (line.skip === undefined ? [] : [line.skip])),
  };
}

function report(counts, skips) {
  if (counts !== undefined) {
    const { tests, passed, failed, cancelled, skipped } = counts;
    console.error(`\n${tests} tests: ${passed} passed, ${failed + cancelled} failed, ${skipped} skipped`);
  }
  if (missing.length === 0) return;
  const kinds = [...new Set(skips)].map((skip) => `  ${skips.filter((other) => other === skip).length} × ${skip}`);
  const line = '!'.repeat(100);
  console.error(
    [
      line,
      `MISSING PEERS: ${missing.map((peer) => peer.name).join(', ')}`,
      `TESTS SKIPPED FOR IT: ${skips.length}`,
      ...kinds,
      `To have them:  sudo ${installLine(missing)}`,
      ...(isCi() ? ['Under CI this is a failure.'] : []),
      line,
    ].join('\n'),
  );
}
