// A herd by one link: a gate goes by one answer for all of them, counts each, and serves nothing that was taken away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../rig/bounded.ts';
import { assertImage, fetchFrom, offeredPath, sha256 } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';
import { BOARD, firmwareOf, fullPreset, javaServer } from '../rig/sample-servers.ts';
import { headerOf } from '../rig/wire.ts';

const FIRMWARE = firmwareOf();
const IMAGE = FIRMWARE[BOARD]?.bytes ?? Buffer.alloc(0);
const TIMES = 10;

test('many downloads by one link', async (t) => {
  const java = await javaServer(t, { firmware: FIRMWARE });
  const gate = await gateFor(t, `domain: ota.test\n${fullPreset(java)}\nworkers: 1`);
  const hits = async (): Promise<number> => (await gate.status()).firmware.totals.hits;
  const path = await offeredPath(gate);
  assertImage(await fetchFrom(gate, path), IMAGE);
  const before = await hits();

  await t.test('each is a hit, and counted', async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const reply = await fetchFrom(gate, path);
      assertImage(reply, IMAGE);
      assert.match(headerOf(reply, 'Cache-Status') ?? '', /; hit/);
    }
    await until('all hits', async () => (await hits()) === before + TIMES);
  });

  await t.test('once the image is taken away, it is fetched again', async () => {
    let ended = false;
    const purging = gate.command('firmware', 'purge', sha256(IMAGE)).finally(() => {
      ended = true;
    });
    const how: string[] = [];
    const fetchOnce = async (): Promise<unknown> =>
      how.push(headerOf(await fetchFrom(gate, path), 'Cache-Status') ?? '');
    while (!ended) await fetchOnce();
    const { code, stderr } = await purging;
    assert.equal(code, 0, stderr);
    await fetchOnce();
    assert.ok(
      how.some((status) => !status.includes('; hit')),
      how.join('\n'),
    );
  });
});
