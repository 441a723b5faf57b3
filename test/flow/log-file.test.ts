// A log file that was moved away is opened anew on SIGUSR1, by control and by every gate, and no line is lost.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { LAN } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

test('log.file is opened anew on SIGUSR1, in every process', async (t) => {
  const java = await javaServer(t);
  const gate = await gateFor(
    t,
    `domain: ota.test\nworkers: 2\nlog: { format: json, file: ./gate.log }\n${fullPreset(java)}`,
  );
  const file = join(gate.folder, 'gate.log');
  const read = (name: string): string => readFileSync(name, 'utf8');
  const mark = async (path: string): Promise<void> => {
    // Enough connections that the kernel gives some to each of the two.
    for (let nth = 0; nth < 24; nth += 1) await ask({ port: gate.http, from: LAN }, { path });
  };
  const marked = (name: string, path: string): number => read(name).split(`"path":"${path}"`).length - 1;
  await mark('/before');
  await until('the lines before', () => marked(file, '/before') === 24);
  const moved = join(gate.folder, 'gate.log.1');
  renameSync(file, moved);
  await mark('/moved');
  await until('the lines in between', () => marked(moved, '/moved') === 24);

  gate.kill('SIGUSR1');
  await until('a new file', async () => {
    await ask({ port: gate.http, from: LAN }, { path: '/probe' });
    return existsSync(file) && new Set(read(file).match(/"process":"gate-\d"/g) ?? []).size === 2;
  });
  const kept = read(moved);
  await mark('/after');
  await gate.reload(
    `domain: ota.test\nworkers: 2\nlog: { format: json, file: ./gate.log, level: debug }\n${fullPreset(java)}`,
  );
  await until('the lines afterwards', () => marked(file, '/after') === 24);
  assert.equal(marked(moved, '/after'), 0);
  assert.equal(read(moved), kept, 'nobody writes to the old file any more');
  await until('a line of control', () => read(file).includes('"process":"control"'));
  for (const name of [file, moved]) for (const line of read(name).trim().split('\n')) JSON.parse(line);
  assert.deepEqual(gate.output, [], 'nothing on standard output');
});
