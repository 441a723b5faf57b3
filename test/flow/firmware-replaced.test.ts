// An operator replaces a file under the same version: the next offer brings the new bytes, whoever downloads the old ones
// gets them whole, and nobody a mixture.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from '../../src/demo/faults.ts';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { assertImage, begun, fetchFrom, macOf, offeredPath, timed, upgrade } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { BOARD, fullPreset, javaServer, pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { headerOf } from '../rig/wire.ts';

const VERSION = '2.0.1';
const [OLD, NEW] = ['old', 'new'].map((seed) => buildImage({ version: VERSION, size: 400_000, seed }));
assert.ok(OLD && NEW);
const FREE = 'firmware: { recheck: 1s, pace: { device: none } }';

// At the same time: they mostly wait.
describe('a file that is replaced', { concurrency: 2 }, () => {
  for (const kind of ['java', 'python'] as const) {
    test(`replaced under the same version: ${kind}`, async (t) => {
      const faults: Faults = {};
      const firmware = { [BOARD]: { version: VERSION, bytes: OLD } };
      const start = kind === 'java' ? javaServer : pythonServer;
      const upstream = await start(t, { faults, firmware });
      const devices = 'devices' in upstream ? upstream.devices : new Map();
      for (let number = 0; number < 60; number += 1) devices.set(macOf(number), { board: BOARD });
      const preset =
        'voiceOrigin' in upstream && kind === 'java' ? fullPreset(upstream) : serverPreset(upstream.origin);
      const gate = await gateFor(t, `domain: ota.test\n${preset}\n${FREE}`);
      const put = (bytes: Buffer) => upstream.firmware.set(BOARD, { version: VERSION, bytes });

      await t.test('the next offer serves the new bytes, running downloads the old ones', async () => {
        assertImage(await upgrade(gate, { mac: macOf(0) }), OLD);
        const paths = [];
        for (const number of [1, 2]) paths.push(await offeredPath(gate, { mac: macOf(number) }));
        const running = paths.map((path) => begun(gate, path, { readBytesPerSecond: 400_000 }));
        await Promise.all(running.map(({ head }) => head));
        put(NEW);
        assertImage(await upgrade(gate, { mac: macOf(3) }), NEW);
        for (const { end } of running) assert.ok((await end).body.equals(OLD));
      });

      await t.test('in the middle of a fetch, too', async () => {
        await sleep(1_100);
        put(OLD);
        faults.downloadBytesPerSecond = 120_000;
        const first = begun(gate, await offeredPath(gate, { mac: macOf(4) }));
        await first.head;
        put(NEW);
        const second = begun(gate, await offeredPath(gate, { mac: macOf(5) }));
        for (const { body } of [await first.end, await second.end]) assert.ok(body.equals(OLD), 'one fetch for both');
        faults.downloadBytesPerSecond = undefined;
        await sleep(1_100);
        assertImage(await upgrade(gate, { mac: macOf(6) }), NEW);
      });

      await t.test('again and again, while devices come: one or the other, whole', async () => {
        const all: Promise<void>[] = [];
        for (let number = 10; number < 40; number += 1) {
          put(number % 7 < 3 ? OLD : NEW);
          all.push(assertOneOf(gate, number));
          await sleep(40);
        }
        await Promise.all(all);
        put(NEW);
        await sleep(1_100);
        assertImage(await upgrade(gate, { mac: macOf(50) }), NEW);
      });

      if (kind === 'java') return;
      await t.test('and back: a date that fits the one is none of the other', async () => {
        const path = await offeredPath(gate);
        put(NEW);
        await sleep(1_100);
        const date = headerOf(await fetchFrom(gate, path), 'Last-Modified') ?? '';
        await sleep(1_100);
        put(OLD);
        await until('the old one', async () => (await fetchFrom(gate, path)).body.equals(OLD));
        const conditional = await fetchFrom(gate, path, { headers: { 'If-Modified-Since': date } });
        assert.equal(conditional.status, 200, 'other bytes than those of that date');
      });
    });
  }
});

async function assertOneOf(gate: GateRig, number: number): Promise<void> {
  const { status, whole, body } = await timed(gate, await offeredPath(gate, { mac: macOf(number) }));
  assert.deepEqual([status, whole], [200, true]);
  assert.ok(
    [OLD, NEW].some((image) => image?.equals(body)),
    'a mixture',
  );
}
