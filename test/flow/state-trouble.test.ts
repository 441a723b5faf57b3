// Behaviour: a gate starts on a full disk by what it has; where its state cannot be used, it says which file, and what to do.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { gateFor, runCommand, startGate } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { stateFolder } from '../rig/state-folder.ts';
import { deviceOf, LAN, otaUrl } from '../rig/test-device.ts';
import { smallDisk } from '../rig/tmpfs.ts';

test('a gate that was stopped starts on a disk that has become full, and devices upgrade', async (t) => {
  const disk = smallDisk(t, 64);
  if (disk === null) return;
  const java = await javaServer(t);
  const yaml = `domain: ota.test\n${fullPreset(java)}\nstateDir: ${join(disk.folder, 'state')}\n`;
  const first = await startGate(yaml);
  await first.stop();
  for (const name of ['most', 'rest']) disk.fill(name, 100 * 1024 * 1024);
  const gate = await gateFor(t, yaml);
  await gate.line(({ event }) => event === 'state-without-room');
  const upgraded = await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'http'));
  assert.equal(upgraded.outcome, 'upgraded');
});

test('a state without one of its tables: the file and the way out are named', async (t) => {
  const folder = stateFolder(t);
  const [file, configFile] = [join(folder, 'state.sqlite'), join(folder, 'otagate.yaml')];
  openSqliteState(folder, Date.now()).close();
  const database = new DatabaseSync(file);
  database.exec('DROP TABLE seal_key');
  database.close();
  writeFileSync(configFile, `domain: ota.test\nupstream: { preset: xiaozhi-full, host: 127.0.0.1 }\nstateDir: .\n`);
  const { code, stderr } = await runCommand(['serve', '-c', configFile]);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `otagate cannot start: ${file} cannot be used (no such table: seal_key): restore it from a backup, or move it away to start afresh\n`,
  );
});
