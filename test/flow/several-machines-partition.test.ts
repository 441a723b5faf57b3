// One machine is cut off from Redis while the other is not, under load; then the machine that lets devices into a wave is
// killed amid it. PARTITION_S says how long the way is cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { cutLineFor } from '../rig/cut-line.ts';
import { assertImage, check, fetchFrom, macOf, offeredPath, tryFetch } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { oneTimeServer } from '../rig/one-time-server.ts';
import { redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { BOARD, firmwareOf } from '../rig/sample-servers.ts';
import { killAll } from '../rig/state-folder.ts';
import { steadyLoad } from '../rig/steady-load.ts';
import { CHECK_HEADERS, checkBody, OUTSIDE } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

const { skip } = peer('redis');
const PARTITION_S = Number(process.env.PARTITION_S ?? 8);
const OPEN_S = 5;
const WAVE = 40;
const WAVE_BOARD = 'wave-board';
const WAVE_DEVICES = 3 * WAVE;
const AT_ONCE = 8;
// On each machine while the way is cut: somewhat fewer, as each takes its time; one page of devices has 1,000.
const CHECKS = 250;

test('a machine without Redis, and one that dies', { skip }, async (t) => {
  const redis = await redisFor(t);
  const line = await cutLineFor(t, redis.port);
  const [shelved] = Object.values(firmwareOf());
  assert.ok(shelved);
  const server = await oneTimeServer(t, { [BOARD]: shelved, [WAVE_BOARD]: shelved });
  const key = storeKey();
  const start = (machine: string, port: number): Promise<GateRig> =>
    gateFor(
      t,
      `domain: ota.test
${redisYaml({ port }, key, machine)}
upstreams: { main: "${server.files.origin}" }
firmware: { pace: { device: none } }
networks: { lan: [127.0.0.2, 127.0.1.0/24] }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check }
  - { name: firmware, path: /xiaozhi/otaMag/download/, upstream: main, role: firmware }
rollouts:
  - { name: spring, action: offer, boards: [${WAVE_BOARD}], waves: { size: ${WAVE}, pause: 1h } }
`,
    );
  const [whole, cut] = await Promise.all([start('whole', redis.port), start('cut', line.port)]);
  const keeping = async (gate: GateRig) => {
    const { keeping } = await gate.status();
    assert.ok(keeping.kind === 'redis');
    return keeping;
  };
  /** What is known of each device, by its name. */
  const devices = async (gate: GateRig): Promise<Map<string, string>> => {
    const { stdout } = await gate.command('devices', '--limit', '1000', '--json');
    const { devices } = JSON.parse(stdout) as { devices: { device: string }[] };
    return new Map(devices.map((row) => [row.device, JSON.stringify(row)]));
  };
  const outside = async (gate: GateRig): Promise<number> => {
    const headers = { ...CHECK_HEADERS, 'Device-Id': macOf(9) };
    const what = { path: '/xiaozhi/ota/', host: 'ota.test', headers, body: checkBody('1.8.1', BOARD) };
    return (await ask({ port: gate.http, from: OUTSIDE, withinMs: 10_000 }, what)).status;
  };
  /** Whether a device of the wave is offered its image. */
  const isLetIn = async (gate: GateRig, number: number): Promise<boolean> => {
    // Each from an address of its own: one address gets no more than a part of a wave.
    const asker = { mac: macOf(0x4000 + number), board: WAVE_BOARD, from: `127.0.1.${number + 1}` };
    const reply = (await check(gate, asker)) as {
      firmware?: { url?: string };
    };
    return URL.canParse(reply.firmware?.url ?? '');
  };

  await t.test(
    'cut off, it serves all that needs no new state, ends openings on time, and loses no history',
    async (t) => {
      const path = await offeredPath(whole, { mac: macOf(1) });
      for (const gate of [whole, cut]) assertImage(await fetchFrom(gate, path), shelved.bytes);
      const seen: string[] = [];
      const checks = (gate: GateRig) =>
        steadyLoad(
          async () => {
            const mac = macOf(0x1000 + seen.length);
            seen.push(mac);
            await offeredPath(gate, { mac });
            return null;
          },
          (PARTITION_S * 1000) / CHECKS,
        );
      const downloads = (gate: GateRig) =>
        steadyLoad(async () => {
          const reply = await tryFetch(gate, path);
          return reply?.status === 200 && reply.whole ? null : `${reply?.status}`;
        });
      const loads = [downloads(whole), checks(whole), downloads(cut), checks(cut)];

      assert.equal((await whole.command('open', 'ota', '--for', `${OPEN_S}s`)).code, 0);
      const openedMs = performance.now();
      await until('the opening on both', async () => (await outside(cut)) === 200, 10_000);
      line.cut();
      const cutMs = performance.now();
      assert.equal((await whole.command('close', 'ota')).code, 0);
      assert.equal(await outside(whole), 426, 'closed where it was closed');
      await sleep(Math.max(0, OPEN_S * 1000 + 500 - (performance.now() - openedMs)));
      assert.equal(await outside(cut), 426, 'it ends there by its own time');
      assert.equal(await isLetIn(cut, 0), false, 'nobody new comes into a wave');
      await until('the loss told', async () => !(await keeping(cut)).connected, 15_000);
      assert.equal((await keeping(whole)).connected, true);
      await sleep(Math.max(0, PARTITION_S * 1000 - (performance.now() - cutMs)));
      const { waiting } = await keeping(cut);
      assert.ok(waiting.observations > 0, 'history waits');

      line.heal();
      const healedMs = performance.now();
      const counts: number[] = [];
      for (const { failures, done } of loads) {
        counts.push(await done());
        assert.deepEqual(failures, []);
      }
      assert.ok(Math.min(...counts) > 10, String(counts));
      await until('every check in both histories', async () => {
        const [one, other] = await Promise.all([devices(whole), devices(cut)]);
        return seen.every((mac) => one.has(mac) && one.get(mac) === other.get(mac));
      });
      for (const gate of [whole, cut]) {
        const { dropped, lost, waiting } = await keeping(gate);
        assert.deepEqual([dropped, lost, waiting.observations], [0, 0, 0]);
      }
      const slowest = loads.map(({ slowestMs }) => Math.round(slowestMs()));
      t.diagnostic(`${counts} requests, the slowest ${slowest} ms; ${waiting.observations} observations waited`);
      t.diagnostic(`one history ${Math.round(performance.now() - healedMs)} ms after the healing`);
    },
  );

  await t.test(
    'killed amid a wave, another goes on with it, and no more are let in than it has room for',
    async (t) => {
      const letIn = new Set<number>();
      const numbers = Array.from({ length: WAVE_DEVICES }, (_, index) => index);
      let killing: Promise<void> | null = null;
      let before = 0;
      const device = async (): Promise<void> => {
        for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
          // A device that gets no answer asks again, and reaches the other one.
          const first = killing === null ? await isLetIn(whole, number).catch(() => null) : null;
          if (first ?? (await isLetIn(cut, number))) letIn.add(number);
          if (letIn.size < WAVE / 4 || killing !== null) continue;
          before = letIn.size;
          killing = killAll(whole);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, device));
      assert.ok(killing);
      await killing;
      assert.ok(before < WAVE && letIn.size > before, `${before} of ${letIn.size} before the kill`);
      const late = await start('late', redis.port);
      for (const gate of [cut, late])
        for (let number = 0; number < WAVE_DEVICES; number += 1) if (await isLetIn(gate, number)) letIn.add(number);
      assert.equal(letIn.size, WAVE);
      t.diagnostic(`${before} were let in before the kill, ${letIn.size} in all`);
    },
  );
});
