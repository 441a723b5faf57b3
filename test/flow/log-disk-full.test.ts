// A full disk under the log costs lines, nothing else: the gate serves, and ends when it is told to.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until, within } from '../rig/bounded.ts';
import { runCommand } from '../rig/gate.ts';
import { freePorts } from '../rig/pebble.ts';
import { ask } from '../rig/wire.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

test('a log on a full disk', { skip: !existsSync('/dev/full') && 'this system has no /dev/full' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-full-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'otagate.yaml');
  writeFileSync(
    file,
    `domain: ota.test
upstream: { preset: xiaozhi-full, host: 127.0.0.1 }
listen: { http: "127.0.0.1:${port}", https: none }
stateDir: ./state
log: { format: json, file: /dev/full }
`,
  );
  const gate = spawn(process.execPath, [MAIN, 'serve', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => void gate.kill('SIGKILL'));
  const ended = once(gate, 'exit');
  const answers = (): Promise<number> =>
    ask({ port, from: '127.0.0.9' }, { path: '/xiaozhi/ota/' }).then(({ status }) => status);
  let status = 0;
  await until('an answer', async () => {
    status = await answers().catch(() => 0);
    return status !== 0;
  });
  assert.equal(status, 426);
  for (let round = 0; round < 50; round += 1) assert.equal(await answers(), 426);
  assert.equal((await runCommand(['status', '-c', file])).code, 0);

  gate.kill('SIGTERM');
  const [code] = await within('the end', ended);
  assert.equal(code, 0);
});
