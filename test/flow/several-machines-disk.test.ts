// One of several machines whose disk takes nothing: it goes on, also after a restart, and what is closed is closed on all.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { type GateRig, gateFor, startGate } from '../rig/gate.ts';
import { redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { killAll } from '../rig/state-folder.ts';
import { deviceOf, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { smallDisk } from '../rig/tmpfs.ts';

const { skip } = peer('redis');

test('two machines, and the disk of one is full', { skip, timeout: 120_000 }, async (t) => {
  const disk = smallDisk(t, 80);
  if (disk === null) return;
  const redis = await redisFor(t);
  const preset = fullPreset(await javaServer(t));
  const key = storeKey();
  const yaml = (machine: string): string => `domain: ota.test\n${preset}\n${redisYaml(redis, key, machine)}`;
  const onDisk = `${yaml('full')}\nstateDir: "${join(disk.folder, 'state')}"`;
  const [first, other] = await Promise.all([startGate(onDisk), gateFor(t, yaml('other'))]);
  let full: GateRig = first;
  t.after(() => full.stop());
  const check = async (gate: GateRig) => (await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'))).outcome;
  const isOpen = async (gate: GateRig): Promise<boolean> => (await check(gate)) === 'update';
  const openOnBoth = async (): Promise<string> => {
    const opened = await other.command('open', 'ota', '--for', '30m', '--json');
    await until('it is open on both', async () => (await isOpen(full)) && (await isOpen(other)));
    return JSON.parse(opened.stdout).id;
  };
  const closedOnBoth = () => until('it is closed on both', async () => !(await isOpen(full)) && !(await isOpen(other)));
  const waits = async (): Promise<number> => {
    const { keeping } = await full.status();
    assert.ok(keeping.kind === 'redis');
    return keeping.waiting.observations;
  };

  const [mine, theirs] = [await openOnBoth(), await openOnBoth()];
  disk.fillUp();
  await t.test('what gates see is read on, and its position is told of once as not written', async () => {
    assert.equal(await isOpen(full), true);
    await full.line(({ event }) => event === 'state-not-written');
    // Some turns of what writes each second.
    await sleep(2_500);
    await until('all is told', async () => (await waits()) === 0);
    assert.equal(full.lines.filter(({ event }) => event === 'state-not-written').length, 1);
    assert.deepEqual(
      full.lines.filter(({ event }) => event === 'crash' || event === 'journal-unread'),
      [],
    );
  });
  await t.test('what is closed elsewhere, and what is closed here, is closed on both', async () => {
    assert.equal((await other.command('close', theirs)).code, 0);
    await until('one is left', async () => JSON.parse((await full.command('openings', '--json')).stdout).length === 1);
    assert.equal((await full.command('close', mine)).code, 0);
    await closedOnBoth();
  });
  await t.test('it starts anew on the full disk, and what was closed stays closed', async () => {
    await killAll(full);
    await full.stop();
    disk.fillUp();
    full = await startGate(onDisk);
    await closedOnBoth();
    await full.line(({ event }) => event === 'state-not-written');
    await sleep(2_500);
    assert.equal(await isOpen(full), false);
  });
  await t.test('with room again, all is written', async () => {
    disk.free();
    // A stop writes what is held; without Redis, the next run knows only what is written.
    await full.stop();
    redis.pause();
    full = await startGate(onDisk);
    assert.equal(await isOpen(full), false);
  });
});
