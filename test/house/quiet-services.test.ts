// Installing peers starts no service, and leaves the machine's own policy as it was: after success, failure and a signal.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

const script = new URL('../../scripts/quiet-services.mjs', import.meta.url);
const deny = '#!/bin/sh\nexit 101\n';
const allow = '#!/bin/sh\nexit 0\n';
const children: ChildProcess[] = [];
let folder = '';
let policy = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otagate-policy-'));
  policy = join(folder, 'policy-rc.d');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a process whose work says "busy", and lasts until something is written to it, or until a signal. */
function start(afterwards = ''): ChildProcess {
  const code = `
    import { withoutServices } from ${JSON.stringify(script.href)};
    const done = await withoutServices(['nginx'], async (signal) => {
      process.stdout.write('busy\\n');
      await new Promise((resolve) => {
        process.stdin.once('data', resolve);
        signal.addEventListener('abort', resolve);
      });
      ${afterwards}
      return 'done';
    }, ${JSON.stringify(policy)});
    process.stdout.write(done);
    process.exit();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

async function busy(child: ChildProcess): Promise<void> {
  assert.ok(child.stdout);
  await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
}

async function finish(child: ChildProcess): Promise<[number | null, string | null]> {
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
  child.stdin?.write('go\n');
  const [code, signal] = (await exited) as [number | null, string | null];
  return [code, signal];
}

function put(text: string): void {
  writeFileSync(policy, text);
  chmodSync(policy, 0o755);
}

test('where there was no policy, services are forbidden for the moment, and none is left', async () => {
  const child = start();
  await busy(child);
  assert.equal(spawnSync(policy, ['nginx', 'start']).status, 101);
  assert.deepEqual(await finish(child), [0, null]);
  assert.deepEqual(readdirSync(folder), []);
});

test('a policy that allows steps aside, and comes back as it was', async () => {
  put(allow);
  chmodSync(policy, 0o750);
  const child = start();
  await busy(child);
  assert.equal(spawnSync(policy, ['nginx', 'start']).status, 101);
  await finish(child);
  assert.equal(readFileSync(policy, 'utf8'), allow);
  assert.equal(statSync(policy).mode & 0o777, 0o750);
  assert.deepEqual(readdirSync(folder), ['policy-rc.d']);
});

test('a policy that denies already is not touched', async () => {
  put(deny);
  const before = statSync(policy);
  const child = start();
  await busy(child);
  assert.equal(statSync(policy).ino, before.ino);
  await finish(child);
  assert.equal(statSync(policy).ino, before.ino);
  assert.equal(statSync(policy).mtimeMs, before.mtimeMs);
});

test('a failure puts the policy back', async () => {
  put(allow);
  const child = start("throw new Error('no network');");
  await busy(child);
  assert.deepEqual(await finish(child), [1, null]);
  assert.equal(readFileSync(policy, 'utf8'), allow);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends the work, puts the policy back, and still ends the process`, async () => {
    put(allow);
    const child = start();
    await busy(child);
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
    child.kill(signal);
    assert.deepEqual(await exited, [null, signal]);
    assert.deepEqual(readdirSync(folder), ['policy-rc.d']);
    assert.equal(readFileSync(policy, 'utf8'), allow);
  });
}

test('what a killed run left behind is taken over and cleaned up', async () => {
  put(allow);
  const killed = start();
  await busy(killed);
  const exited = once(killed, 'exit');
  killed.kill('SIGKILL');
  await exited;
  assert.notEqual(readFileSync(policy, 'utf8'), allow);
  const next = start();
  await busy(next);
  await finish(next);
  assert.equal(readFileSync(policy, 'utf8'), allow);
  assert.deepEqual(readdirSync(folder), ['policy-rc.d']);
});

test('two runs at once: the second waits, and each has its policy', async () => {
  const first = start();
  await busy(first);
  const second = start();
  const early = await Promise.race([
    busy(second).then(() => true),
    new Promise((resolve) => setTimeout(resolve, 700, false)),
  ]);
  assert.equal(early, false);
  await finish(first);
  await busy(second);
  assert.equal(spawnSync(policy, ['nginx', 'start']).status, 101);
  await finish(second);
  assert.deepEqual(readdirSync(folder), []);
});
