// Backups on a schedule count and remove by the time in their names, and a clock that was ahead once spoils neither.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/load.ts';
import { Backups } from '../../src/control/backups.ts';
import { Notices } from '../../src/control/notices.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 10, 20, 12);

const nameAt = (atMs: number): string => `otagate-${new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}.tar.gz`;

test('a backup that a clock ahead of its time made is told once, and neither counted nor put before the others', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'otagate-backups-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const folder = join(place, 'backups');
  const file = join(place, 'otagate.yaml');
  const backup = `backup: { folder: ${folder}, every: 24h, keep: 2 }`;
  writeFileSync(
    file,
    `domain: a.test\nupstream: { preset: xiaozhi-server, host: 127.0.0.1 }\nstateDir: state\n${backup}\n`,
  );
  const loaded = loadConfig(file);
  assert.ok(loaded.ok);
  const told: unknown[] = [];
  const log = pino({ base: null }, { write: (line: string) => told.push(JSON.parse(line).event) });
  const backups = new Backups(() => loaded.config, new Notices(log), log);
  const [older, old, future] = [NOW - 47 * HOUR_MS, NOW - 23 * HOUR_MS, NOW + 87_600 * HOUR_MS].map(nameAt);
  mkdirSync(folder);
  const strange = 'otagate-20261332T000000Z.tar.gz';
  for (const name of [older, old, future, strange]) writeFileSync(join(folder, name ?? ''), '');
  const there = () => readdirSync(folder).filter((name) => name !== strange);

  await backups.look(NOW);
  assert.deepEqual(there(), [older, old, future], 'the last one is 23 hours old');
  const made = NOW + 2 * HOUR_MS;
  await backups.look(made);
  assert.deepEqual(there(), [old, nameAt(made), future]);
  await backups.look(made + HOUR_MS);
  assert.deepEqual(there(), [old, nameAt(made), future], 'one a day');
  const next = made + 24 * HOUR_MS;
  await backups.look(next);
  assert.deepEqual(there(), [nameAt(made), nameAt(next), future]);
  assert.ok(readdirSync(folder).includes(strange));

  assert.deepEqual(told, ['backup-of-future', 'backup', 'backup']);
});
