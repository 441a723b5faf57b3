// A control process that hangs is neither well nor absent: commands say that they wait, and none takes its state away.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

test('control stands still while commands are given', async (t) => {
  const java = await javaServer(t);
  const gate = await gateFor(t, `domain: ota.test\n${fullPreset(java)}`);
  const made = join(gate.folder, 'backup.tar.gz');
  const backup = await gate.command('backup', made);
  assert.equal(backup.code, 0, backup.stderr);
  const state = join(gate.folder, 'state');
  gate.kill('SIGSTOP');
  t.after(() => gate.kill('SIGCONT'));

  await t.test('a restore leaves everything where it is', async () => {
    const restored = await gate.command('restore', made, '--replace');
    assert.deepEqual([restored.code, restored.stdout], [1, '']);
    assert.match(
      restored.stderr,
      /^nothing was restored: whether a gate runs on .* cannot be told.*: stop the gate first/,
    );
    assert.ok(existsSync(join(state, 'admin.sock')) && existsSync(join(state, 'state.sqlite')));
    assert.deepEqual(
      readdirSync(state).filter((name) => name.includes('restore')),
      [],
    );
  });

  await t.test('a question says that it waits, and is answered once control goes on', async () => {
    const child = spawn(process.execPath, [MAIN, 'status', '--json', '-c', gate.configFile]);
    const exited = once(child, 'close');
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await until('its word', () => stderr !== '');
    gate.kill('SIGCONT');
    assert.deepEqual(await exited, [0, null]);
    assert.equal(stderr, 'control does not answer yet: waiting for it, 30 s at most\n');
    assert.equal(JSON.parse(stdout).pid, gate.pid);
  });
});
