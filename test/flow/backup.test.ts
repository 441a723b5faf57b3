// Behaviour: a running gate backs itself up on its schedule, and what it wrote starts a gate on an empty machine.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { until } from '../rig/bounded.ts';
import { startGate } from '../rig/gate.ts';

test('a gate backs itself up, keeps as many as it was told, and comes back from what it wrote', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-backups-'));
  const [old, older] = ['otagate-20200102T000000Z.tar.gz', 'otagate-20200101T000000Z.tar.gz'];
  for (const name of [old, older, 'not-ours.tar.gz']) writeFileSync(join(folder, name), '');
  const longAgo = new Date('2020-01-02');
  for (const name of [old, older]) utimesSync(join(folder, name), longAgo, longAgo);
  const killed = join(folder, '.otagate-backup-killed');
  const underWay = join(folder, '.otagate-backup-by-hand');
  for (const left of [killed, underWay]) mkdirSync(left);
  writeFileSync(join(killed, 'archive'), 'half');
  utimesSync(killed, longAgo, longAgo);
  const gate = await startGate(`
domain: gate.test
upstreams: { console: "http://127.0.0.1:9" }
routes: [{ name: ota, path: /xiaozhi/ota/, upstream: console, role: ota-check }]
backup: { folder: ${folder}, keep: 2 }
`);
  t.after(async () => {
    await gate.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await gate.line(({ event }) => event === 'backup', 30_000);
  await until('the oldest is gone', () => readdirSync(folder).length === 4, 10_000);
  assert.deepEqual([existsSync(killed), existsSync(underWay)], [false, true], 'what one left that was killed goes');
  rmSync(underWay, { recursive: true });
  const names = readdirSync(folder).sort();
  assert.deepEqual([names[0], names[1]], ['not-ours.tar.gz', old]);
  const made = join(folder, names[2] ?? '');

  const opened = await gate.command('open', 'ota', '--for', '30m', '--json');
  assert.equal(opened.code, 0, opened.stderr);
  const byHand = join(folder, 'by-hand.tar.gz');
  const backup = await gate.command('backup', byHand, '--json');
  assert.equal(backup.code, 0, backup.stderr);
  assert.ok(JSON.parse(backup.stdout).entries >= 3);

  const onTop = await gate.command('restore', made, '--replace');
  assert.equal(onTop.code, 1);
  assert.match(onTop.stderr, /a gate runs on .*: stop it first/);

  gate.kill('SIGTERM');
  await gate.exited;
  const restored = await gate.command('restore', byHand, '--replace', '--json');
  assert.equal(restored.code, 0, restored.stderr);
  const { stateDir, movedAside } = JSON.parse(restored.stdout);
  assert.equal(movedAside.length, 2);
  assert.ok(readFileSync(join(stateDir, 'admin.token'), 'utf8').length > 20);
  // The opening that was made before it is in the state again.
  const state = new DatabaseSync(join(stateDir, 'state.sqlite'), { readOnly: true });
  assert.equal(state.prepare('SELECT route FROM opening').get()?.route, 'ota');
  state.close();
});
