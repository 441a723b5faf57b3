// Several machines fetch an image once: its bytes pass from the one that fetches to the others, and another one goes on
// where it dies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { sendPaced } from '../rig/file-server.ts';
import { assertImage, fetchFrom, macOf, offeredPath, sha256, timed } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { type RedisRig, redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { BOARD } from '../rig/sample-servers.ts';
import { killAll } from '../rig/state-folder.ts';

const { skip } = peer('redis');
const MACHINES = ['one', 'two', 'three'];
const DEVICES = 300;
const AT_ONCE = 30;
const LENGTH = 600_000;
const IMAGE = buildImage({ version: '2.0.1', size: LENGTH });
const NEXT = buildImage({ version: '2.0.2', size: LENGTH, seed: 'next' });

test('three machines', { skip }, async (t) => {
  const redis = await redisFor(t);
  const server = await oneTimeServer(t, { [BOARD]: { version: '2.0.1', bytes: IMAGE } });
  const key = storeKey();
  const start = (machine: string): Promise<GateRig> =>
    gateFor(t, oneTimeYaml(server, `${redisYaml(redis, key, machine)}\nfirmware: { pace: { device: none } }`));
  const gates = await Promise.all(MACHINES.map(start));
  const fetched = async (): Promise<number[]> =>
    Promise.all(gates.map(async (gate) => (await gate.status()).firmware.totals.upstreamBytes));
  const any = (): GateRig => gates[Math.floor(Math.random() * gates.length)] as GateRig;

  await t.test('300 devices at random cost one fetch, and every link works everywhere', async () => {
    const numbers = Array.from({ length: DEVICES }, (_, index) => index);
    const device = async (): Promise<void> => {
      for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
        const path = await offeredPath(any(), { mac: macOf(number) });
        assertImage(await fetchFrom(any(), path), IMAGE, `device ${number}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, device));
    assert.deepEqual((await fetched()).sort(), [0, 0, LENGTH], 'one machine fetched it, once');
  });

  await t.test('one that comes later takes it from the others', async () => {
    const late = await start('late');
    await late.line(({ event }) => event === 'image-copied', 15_000);
    const before = server.downloads();
    assertImage(await fetchFrom(late, await offeredPath(any(), { mac: macOf(0) })), IMAGE);
    assert.equal((await late.status()).firmware.totals.upstreamBytes, 0);
    assert.ok(server.downloads() - before <= 2, 'no more than a look');
    await late.stop();
  });

  await t.test('the machine that fetches is killed: another one finishes, and no device waits for long', async () => {
    server.shelf.set(BOARD, { version: '2.0.2', bytes: NEXT });
    // Slow, until it is killed: what takes the place of the killed one has to come past what is here already.
    const pace = { bytesPerSecond: 60_000 };
    server.send = (response, { bytes }, headers) => sendPaced(response, bytes, pace.bytesPerSecond, headers);
    const paths = await Promise.all(gates.map((gate, index) => offeredPath(gate, { mac: macOf(index) })));
    const downloads = gates.map((gate, index) => timed(gate, paths[index] ?? ''));
    const holder = await until('a fill that is under way', () => holderOfFill(redis), 10_000);
    const { keeping } = await any().status();
    const name = keeping.kind === 'redis' ? keeping.machines.find(({ id }) => id === holder)?.name : '';
    const killed = MACHINES.indexOf(name ?? '');
    await until(
      'bytes on every machine',
      async () => (await Promise.all(gates.map(filling))).every((have) => have > 50_000),
      10_000,
    );
    pace.bytesPerSecond = 2_000_000;
    await killAll(gates[killed] as GateRig);
    const ended = await Promise.all(downloads);
    for (const [index, { body, whole, gapMs }] of ended.entries()) {
      if (index === killed) continue;
      assert.ok(whole && sha256(body) === sha256(NEXT), `${MACHINES[index]}: ${body.length} bytes`);
      assert.ok(gapMs < 5_000, `no gap that an old device would not stand: ${gapMs} ms`);
    }
    assert.ok(server.mostGets() <= 3, 'no link is used up by the gate');
  });
});

/** The id of the machine that fetches something at this moment. */
async function holderOfFill(redis: RedisRig): Promise<string | false> {
  const keys = await redis.command('KEYS', 'otagate:{otagate}:lease:fill/*');
  const key = /otagate:\S+/.exec(keys)?.[0];
  return key === undefined ? false : ((await redis.command('GET', key)).split('-')[0] ?? false);
}

/** Bytes of the fill that runs on this machine. */
async function filling(gate: GateRig): Promise<number> {
  const list = JSON.parse((await gate.command('firmware', 'list', '--json')).stdout) as { fills: { have: number }[] };
  return Math.max(0, ...list.fills.map(({ have }) => have));
}
