// A disk that takes seconds for each write and sync of control: gates answer checks and serve what they know as before,
// and say why the rest waits.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { buildPeer } from '../peers/build.ts';
import { until } from '../rig/bounded.ts';
import { assertImage, check, fetchFrom, macOf, offeredPath } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';
import { BOARD, firmwareOf, pythonServer, serverPreset } from '../rig/sample-servers.ts';

const { skip } = peer('gcc', 'libc');
// One write of the history is some of these.
const SLOW_MS = 4_000;

test('control whose writes take seconds', { skip }, async (t) => {
  const note = join(mkdtempSync(join(tmpdir(), 'otagate-slow-')), 'disk');
  t.after(() => rmSync(join(note, '..'), { recursive: true, force: true }));
  const server = await pythonServer(t);
  const preload = buildPeer('slow-disk', ['dl'], ['-shared', '-fPIC']);
  const gate = await gateFor(
    t,
    `domain: ota.test
workers: 1
firmware: { pace: { device: none } }
${serverPreset(server.origin)}`,
    { env: { LD_PRELOAD: preload, SLOW_DISK: note } },
  );
  const image = firmwareOf()[BOARD]?.bytes ?? Buffer.alloc(0);
  const path = await offeredPath(gate, { mac: macOf(1) });
  assertImage(await fetchFrom(gate, path), image);
  // By a second one the gate has heard of it as a whole.
  assertImage(await fetchFrom(gate, await offeredPath(gate, { mac: macOf(2) })), image);

  writeFileSync(note, `${gate.pid} ${gate.folder} ${SLOW_MS}`);
  // What was seen so far is being written.
  await check(gate, { mac: macOf(3) });
  const silent = await until(
    'control held up by its disk',
    async () => {
      await check(gate, { mac: macOf(4) });
      await sleep(200);
      return gate.lines.find(({ event }) => event === 'control-silent') ?? false;
    },
    20_000,
  );
  assert.equal(silent.level, 'warn');
  assert.match(silent.msg, /disk of stateDir/);
  const startedMs = performance.now();
  for (let device = 10; device < 16; device += 1) {
    const link = await offeredPath(gate, { mac: macOf(device) });
    assertImage(await fetchFrom(gate, link), image);
  }
  const tookMs = performance.now() - startedMs;
  t.diagnostic(`six checks and warm downloads in ${Math.round(tookMs)} ms`);
  assert.ok(tookMs < 3 * SLOW_MS, `${tookMs} ms: each waited for the disk`);
  rmSync(note);
  await until('control again', () => gate.status().then(() => true), 60_000);
  assertImage(await fetchFrom(gate, await offeredPath(gate, { mac: macOf(5) })), image);
  assert.equal(gate.lines.filter(({ event }) => event === 'gate-exit').length, 0);
});
