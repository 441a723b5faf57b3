// Redis stands still, loses everything, or holds the state of a newer otagate: what is served goes on, openings end by
// their own time, and the machines come to the same again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { assertImage, check, fetchFrom, macOf, offeredPath, tryFetch } from '../rig/firmware-links.ts';
import { type GateRig, gateFor, startGate } from '../rig/gate.ts';
import { oneTimeServer } from '../rig/one-time-server.ts';
import { redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { BOARD, firmwareOf } from '../rig/sample-servers.ts';
import { type SteadyLoad, steadyLoad } from '../rig/steady-load.ts';
import { CHECK_HEADERS, checkBody, OUTSIDE } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

const { skip } = peer('redis');
const OPEN_S = 7;

test('two machines and their Redis', { skip }, async (t) => {
  const redis = await redisFor(t);
  const server = await oneTimeServer(t, firmwareOf());
  const image = firmwareOf()[BOARD]?.bytes ?? Buffer.alloc(0);
  const key = storeKey();
  const yaml = (machine: string): string => `domain: ota.test
${redisYaml(redis, key, machine)}
upstreams: { main: "${server.files.origin}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check }
  - { name: firmware, path: /xiaozhi/otaMag/download/, upstream: main, role: firmware }
`;
  const [one, two] = (await Promise.all(['one', 'two'].map((name) => gateFor(t, yaml(name))))) as [GateRig, GateRig];
  const path = await offeredPath(one, { mac: macOf(1) });
  for (const gate of [one, two]) assertImage(await fetchFrom(gate, path), image);
  const keeping = async (gate: GateRig) => {
    const { keeping } = await gate.status();
    assert.ok(keeping.kind === 'redis');
    return keeping;
  };
  const devices = async (gate: GateRig): Promise<string> => (await gate.command('devices', '--json')).stdout;
  const outside = async (gate: GateRig): Promise<number> => {
    const headers = { ...CHECK_HEADERS, 'Device-Id': macOf(9) };
    const what = { path: '/xiaozhi/ota/', host: 'ota.test', headers, body: checkBody('1.8.1', BOARD) };
    return (await ask({ port: gate.http, from: OUTSIDE, withinMs: 10_000 }, what)).status ?? 0;
  };

  await t.test('one check costs less than three operations of Redis, a warm download none', async () => {
    await sleep(1_000);
    await redis.resetStats();
    const begun = performance.now();
    const checks = 100;
    for (let number = 0; number < checks; number += 20) {
      const batch = Array.from({ length: 20 }, (_, index) => check(two, { mac: macOf(100 + number + index) }));
      await Promise.all(batch);
    }
    // The last of them are told within half a second, and read within one more.
    await sleep(Math.max(0, 1_500 - (performance.now() - begun)));
    const stats = await redis.stats();
    const operations = [...stats.values()].reduce((sum, calls) => sum + calls, 0);
    assert.ok(operations / checks <= 3, `${operations / checks} for each check: ${JSON.stringify([...stats])}`);
    await redis.resetStats();
    for (let times = 0; times < 30; times += 1) assertImage(await fetchFrom(two, path), image);
    const after = await redis.stats();
    // What is left is the machines' own look, once a second.
    for (const command of ['get', 'set', 'xrevrange']) assert.equal(after.get(command) ?? 0, 0, command);
  });

  await t.test('while Redis stands still, nothing fails that needs no new state', async () => {
    assert.equal((await one.command('open', 'ota', '--for', `${OPEN_S}s`)).code, 0);
    const openedMs = performance.now();
    await until('the opening on both', async () => (await outside(two)) === 200, 10_000);
    redis.pause();
    const loads = [load(one, path), load(two, path)];
    assert.equal((await one.command('close', 'ota')).code, 0);
    assert.equal(await outside(one), 426, 'closed where it was closed');
    await until(
      'both without Redis',
      async () => !(await keeping(one)).connected && !(await keeping(two)).connected,
      15_000,
    );
    await check(two, { mac: macOf(77) });
    await until('an observation that waits', async () => (await keeping(two)).waiting.observations > 0, 10_000);
    await sleep(Math.max(0, OPEN_S * 1000 + 500 - (performance.now() - openedMs)));
    assert.equal(await outside(two), 426, 'the other machine ends it by its own time');
    redis.resume();
    for (const { failures, done } of loads) {
      assert.ok((await done()) > 10);
      assert.deepEqual(failures, []);
    }
    await until(
      'both with Redis',
      async () => (await keeping(one)).connected && (await keeping(two)).connected,
      15_000,
    );
    await until('one history', async () => (await devices(one)).includes(macOf(77)), 15_000);
    await until('the same history', async () => (await devices(one)) === (await devices(two)), 15_000);
    const { dropped, lost } = await keeping(one);
    assert.deepEqual([dropped, lost], [0, 0]);
  });

  await t.test('what Redis loses is put back, loudly, and every link still works', async () => {
    const loads = [load(one, path), load(two, path)];
    await redis.command('FLUSHALL');
    const told = await Promise.race(
      [one, two].map((gate) => gate.line(({ event }) => event === 'store-rebuilt', 15_000)),
    );
    assert.equal(told.level, 'error');
    await check(two, { mac: macOf(78) });
    await until('the history goes on', async () => (await devices(one)).includes(macOf(78)), 15_000);
    for (const { failures, done } of loads) {
      assert.ok((await done()) > 0);
      assert.deepEqual(failures, []);
    }
    const records = await redis.command('HGETALL', 'otagate:{otagate}:records');
    for (const kind of ['seal-key/', 'image/', 'name/', 'local-ca/root']) assert.ok(records.includes(kind), kind);
    assert.equal((await one.command('open', 'ota', '--for', '1m')).code, 0);
    await until('an opening reaches the other', async () => (await outside(two)) === 200, 10_000);
    assert.equal((await two.command('close', 'ota')).code, 0);
    await until('its end reaches the first', async () => (await outside(one)) === 426, 10_000);
  });

  await t.test('the state of a newer otagate is refused with a clear message', async () => {
    await redis.command('HSET', 'otagate:{otagate}:meta', 'format', '99');
    await assert.rejects(
      startGate(yaml('three')),
      /Redis holds version 99 of the state, this otagate knows 1: run the newer/,
    );
    await two.line(({ event }) => event === 'store-refused', 10_000);
    assertImage(await fetchFrom(two, path), image);
  });
});

/** Downloads; what did not come whole is a failure. */
function load(gate: GateRig, path: string): SteadyLoad {
  return steadyLoad(async () => {
    const reply = await tryFetch(gate, path);
    return reply?.status === 200 && reply.whole ? null : `${reply?.status}`;
  });
}
