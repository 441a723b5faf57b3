// Several machines are one gate: what is opened on one is open on all, every link works everywhere, one history.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { assertImage, check, fetchFrom, macOf, offeredPath } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { BOARD, firmwareOf } from '../rig/sample-servers.ts';

const { skip } = peer('redis');

test('three machines', { skip }, async (t) => {
  const redis = await redisFor(t);
  const server = await oneTimeServer(t, firmwareOf());
  const key = storeKey();
  const [one, two, three] = (await Promise.all(
    ['one', 'two', 'three'].map((machine) => gateFor(t, oneTimeYaml(server, redisYaml(redis, key, machine)))),
  )) as [GateRig, GateRig, GateRig];
  const gates = [one, two, three];
  const openings = async (gate: GateRig): Promise<number> => (await gate.status()).openings.length;

  await t.test('an opening is made and closed everywhere', async () => {
    assert.equal((await one.command('open', 'ota', '--for', '10m')).code, 0);
    await until('the opening on all', async () => (await openings(two)) + (await openings(three)) === 2, 10_000);
    assert.equal((await two.command('close', 'ota')).code, 0);
    await until('no opening anywhere', async () => (await openings(one)) + (await openings(three)) === 0, 10_000);
  });

  await t.test('what was closed is not opened again by an old record, whoever puts it there', async () => {
    const { stdout } = await one.command('open', 'ota', '--for', '10m', '--json');
    const { id } = JSON.parse(stdout) as { id: string };
    await until('the opening on all', async () => (await openings(two)) + (await openings(three)) === 2, 10_000);
    const keys = ['meta', 'changes', 'records', 'changed'].map((key) => `otagate:{otagate}:${key}`);
    const run = (script: string) => redis.command('EVAL', script, '4', ...keys, `opening/${id}`);
    await run("return redis.call('SET', 'kept', redis.call('HGET', KEYS[3], ARGV[1]))");
    assert.equal((await two.command('close', 'ota')).code, 0);
    await until('no opening anywhere', async () => (await openings(one)) + (await openings(three)) === 0, 10_000);
    const back = `
      local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
      redis.call('HSET', KEYS[3], ARGV[1], seq .. string.gsub(redis.call('GET', 'kept'), '^%d+', ''))
      redis.call('ZADD', KEYS[2], seq, ARGV[1])
      redis.call('PUBLISH', KEYS[4], '1')
      return seq`;
    const seq = Number((await run(back)).replace(/\D/g, ''));
    assert.ok(seq > 0);
    // Whoever is the first to see it closes it again; the others may see no more than that.
    const told = await until(
      'one that tells it',
      () => gates.flatMap(({ lines }) => lines).find(({ event }) => event === 'closed-came-back'),
      10_000,
    );
    assert.deepEqual([told.level, told.ids], ['error', [id]]);
    const isClosed = "return redis.call('HGET', KEYS[3], ARGV[1])";
    await until('closed in Redis, too', async () => /^\d+:$/m.test(await run(isClosed)), 10_000);
    for (const gate of gates) assert.equal(await openings(gate), 0);
  });

  await t.test('a link works on every machine', async () => {
    const path = await offeredPath(one, { mac: macOf(1) });
    for (const gate of gates) assertImage(await fetchFrom(gate, path), firmwareOf()[BOARD]?.bytes ?? Buffer.alloc(0));
  });

  await t.test('all come to the same history', async () => {
    await check(three, { mac: macOf(2) });
    await check(two, { mac: macOf(1), version: '2.0.1' });
    const devices = async (gate: GateRig): Promise<string> => (await gate.command('devices', '--json')).stdout;
    await until('the upgrade in the history', async () => (await devices(one)).includes('"upgraded"'), 10_000);
    await until(
      'the same on all',
      async () => new Set([await devices(one), await devices(two), await devices(three)]).size === 1,
      10_000,
    );
    assert.ok((await devices(two)).includes(macOf(2)));
  });

  await t.test('the root of the local CA is one', async () => {
    const roots = await Promise.all(gates.map((gate) => gate.command('certs', 'root')));
    assert.equal(new Set(roots.map(({ stdout }) => stdout)).size, 1);
  });

  await t.test('nothing in Redis can be read', async () => {
    const records = await redis.command('HGETALL', 'otagate:{otagate}:records');
    assert.match(records, /seal-key/);
    assert.doesNotMatch(records, /PRIVATE KEY|madeMs/);
  });
});
