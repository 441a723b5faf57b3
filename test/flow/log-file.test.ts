// A log file that was moved away is opened anew on SIGUSR1, by control and by every gate, and no line is lost.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
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

test('log files are put aside by their size, a bounded number of them, and no line is lost', async (t) => {
  const java = await javaServer(t);
  const gate = await gateFor(
    t,
    `domain: ota.test
workers: 2
log: { format: json, file: ./gate.log, access: { file: ./access.log }, rotate: { size: 8KiB, keep: 2 } }
${fullPreset(java)}`,
  );
  const files = (name: string): string[] =>
    [`${name}.log.2`, `${name}.log.1`, `${name}.log`].map((one) => join(gate.folder, one)).filter(existsSync);
  const all = (name: string): string =>
    files(name)
      .map((one) => readFileSync(one, 'utf8'))
      .join('');
  const ask100 = async (round: number): Promise<void> => {
    const headers = { 'User-Agent': `"hostile" ${'x'.repeat(100)}` };
    for (let nth = 0; nth < 100; nth += 1)
      await ask({ port: gate.http, from: LAN }, { path: `/round-${round}`, headers });
  };
  await ask100(1);
  await until('the first files are put aside', () => files('gate').length > 1 && files('access').length > 1, 15_000);
  await until('every line is there', () => all('access').split('/round-1 ').length === 101, 15_000);
  assert.equal(all('gate').split('"path":"/round-1"').length, 101);
  const combined = /^127\.0\.0\.2 - - \[[^\]]+\] "GET \/round-1 HTTP\/1\.1" 200 \d+ "-" "\\x22hostile\\x22 x+"$/;
  for (const line of all('access').trim().split('\n')) if (line.includes('/round-')) assert.match(line, combined);
  for (const round of [2, 3, 4]) {
    const before = statSync(join(gate.folder, 'access.log.1')).ino;
    await ask100(round);
    await until('the next file is put aside', () => statSync(join(gate.folder, 'access.log.1')).ino !== before, 15_000);
  }
  assert.equal(existsSync(join(gate.folder, 'access.log.3')), false, 'no more than are kept');
  assert.equal(existsSync(join(gate.folder, 'access.log.2')), true);
});
