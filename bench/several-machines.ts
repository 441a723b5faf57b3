// Measures machines that are one gate: what they cost their Redis, and how soon each has what another one has.
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from '../src/demo/image.ts';
import { check, fetchFrom, macOf, offeredPath, timed } from '../test/rig/firmware-links.ts';
import { type GateRig, startGate } from '../test/rig/gate.ts';
import { oneTimeServer } from '../test/rig/one-time-server.ts';
import { type RedisRig, redisFor, redisYaml, storeKey } from '../test/rig/redis.ts';
import { CHECK_HEADERS, checkBody, OUTSIDE } from '../test/rig/test-device.ts';
import { ask } from '../test/rig/wire.ts';
import { cpuMsOf } from './rig/process-tree.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { largest, median } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';

const SPEC = {
  name: 'several-machines',
  about: 'operations of Redis for each check, how soon an opening is everywhere, how an image passes',
  deadlineMs: 6 * 60_000,
  options: {
    machines: { default: '3', about: 'gates that share one Redis' },
    checks: { default: '1500', about: 'checks in all, spread over the machines' },
    rate: { default: '100', about: 'checks a second' },
    openings: { default: '10', about: 'openings that are made, closed and looked for' },
    images: { default: '5', about: 'new images of 3 MB' },
  },
};
const BOARD = 'test-board';
const IMAGE_BYTES = 3_000_000;
const IDLE_S = 5;

async function measure(bench: Bench): Promise<Report> {
  const t = { after: (end: () => unknown): void => bench.defer(() => void end()) };
  const redis = await redisFor(t);
  const imageOf = (version: string) => ({ version, bytes: buildImage({ version, size: IMAGE_BYTES, seed: version }) });
  const server = await oneTimeServer(t, { [BOARD]: imageOf('2.0.0') });
  const key = storeKey();
  const gates: GateRig[] = [];
  for (let number = 0; number < bench.number('machines'); number += 1) {
    bench.say(`machine ${number + 1}`);
    const gate = await startGate(`domain: ota.test
${redisYaml(redis, key, `machine-${number + 1}`)}
upstreams: { main: "${server.files.origin}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check }
  - { name: firmware, path: /xiaozhi/otaMag/download/, upstream: main, role: firmware }
firmware: { pace: { device: none }, recheck: 1h }`);
    bench.defer(() => gate.kill('SIGKILL'));
    gates.push(gate);
  }
  for (const gate of gates) await fetchFrom(gate, await offeredPath(gate, { mac: macOf(1) }));
  await sleep(2_000);
  const tables = [
    await redisCost(bench, redis, gates),
    { title: 'An opening', columns: ['', 'median ms', 'worst ms'], rows: await openings(bench, gates) },
    {
      title: 'A new image of 3 MB, asked for on all machines at once',
      columns: ['', 'first byte ms', 'whole ms', 'upstream MB'],
      rows: await images(bench, gates, server.shelf, imageOf),
    },
  ];
  const memory = /used_memory_human:(\S+)/.exec(await redis.command('INFO', 'memory'))?.[1] ?? '';
  return { tables, notes: [`Redis holds ${memory} at the end`, `${gates.length} machines, one gate process each`] };
}

async function redisCost(bench: Bench, redis: RedisRig, gates: GateRig[]) {
  const rows: Cell[][] = [];
  const during = async (what: string, checks: number, work: () => Promise<void>): Promise<void> => {
    await redis.resetStats();
    const [cpuMs, begunMs] = [cpuMsOf(redis.pid), performance.now()];
    await work();
    const seconds = (performance.now() - begunMs) / 1000;
    const operations = [...(await redis.stats()).values()].reduce((sum, calls) => sum + calls, 0);
    const perCheck = checks === 0 ? null : operations / checks;
    rows.push([what, operations / seconds, perCheck, ((cpuMsOf(redis.pid) - cpuMs) / seconds / 1000) * 100]);
  };
  bench.say('idle');
  await during('idle', 0, () => sleep(IDLE_S * 1000));
  bench.say('checks');
  const [checks, rate] = [bench.number('checks'), bench.number('rate')];
  await during(`${rate} checks a second`, checks, async () => {
    const begunMs = performance.now();
    const running: Promise<unknown>[] = [];
    for (let number = 0; number < checks; number += 1) {
      await sleep(Math.max(0, begunMs + (number / rate) * 1000 - performance.now()));
      running.push(check(gates[number % gates.length] as GateRig, { mac: macOf(number), version: '2.0.0' }));
    }
    await Promise.all(running);
    await sleep(1_500);
  });
  bench.say('warm downloads');
  const paths = await Promise.all(gates.map((gate) => offeredPath(gate, { mac: macOf(2) })));
  await sleep(1_500);
  await during('30 warm downloads', 0, async () => {
    for (let number = 0; number < 30; number += 1) {
      const at = number % gates.length;
      await fetchFrom(gates[at] as GateRig, paths[at] ?? '');
    }
    await sleep(1_500);
  });
  return { title: 'Redis', columns: ['', 'operations/s', 'for each check', 'CPU %'], rows };
}

async function openings(bench: Bench, gates: GateRig[]): Promise<Cell[][]> {
  const [first, ...others] = gates as [GateRig, ...GateRig[]];
  const outside = async (gate: GateRig): Promise<number> => {
    const what = { path: '/xiaozhi/ota/', host: 'ota.test', headers: CHECK_HEADERS, body: checkBody('1.8.1', BOARD) };
    return (await ask({ port: gate.http, from: OUTSIDE, withinMs: 10_000 }, what)).status ?? 0;
  };
  const everywhere = async (status: number): Promise<number> => {
    const saidMs = performance.now();
    const waits = others.map(async (gate) => {
      while ((await outside(gate)) !== status) await sleep(5);
      return performance.now() - saidMs;
    });
    return Math.max(...(await Promise.all(waits)));
  };
  const [opened, closed]: [number[], number[]] = [[], []];
  for (let number = 0; number < bench.number('openings'); number += 1) {
    bench.say(`opening ${number + 1}`);
    await first.command('open', 'ota', '--for', '10m');
    opened.push(await everywhere(200));
    await first.command('close', 'ota');
    closed.push(await everywhere(426));
  }
  // From the end of the command, which returns when the machine's own gates have it.
  return [
    ['open on every other machine', median(opened), largest(opened)],
    ['closed on every other machine', median(closed), largest(closed)],
  ];
}

async function images(
  bench: Bench,
  gates: GateRig[],
  shelf: Map<string, { version: string; bytes: Buffer }>,
  imageOf: (version: string) => { version: string; bytes: Buffer },
): Promise<Cell[][]> {
  const heads: number[][] = gates.map(() => []);
  const ends: number[][] = gates.map(() => []);
  const fetched = async (): Promise<number> => {
    const all = await Promise.all(gates.map(async (gate) => (await gate.status()).firmware.totals.upstreamBytes));
    return all.reduce((sum, bytes) => sum + bytes, 0);
  };
  const before = await fetched();
  const count = bench.number('images');
  for (let number = 1; number <= count; number += 1) {
    bench.say(`image ${number}`);
    shelf.set(BOARD, imageOf(`2.0.${number}`));
    const paths = await Promise.all(gates.map((gate, at) => offeredPath(gate, { mac: macOf(at + 10) })));
    const told = await Promise.all(gates.map((gate, at) => timed(gate, paths[at] ?? '')));
    const inOrder = told.toSorted((a, b) => a.endMs - b.endMs);
    for (const [at, { headMs, endMs }] of inOrder.entries()) {
      heads[at]?.push(headMs);
      ends[at]?.push(endMs);
    }
    await sleep(1_000);
  }
  const each = ((await fetched()) - before) / count / 1_000_000;
  return gates.map((_, at) => [
    at === 0 ? 'the first to have it' : `the ${at + 1}. to have it`,
    median(heads[at] ?? []),
    median(ends[at] ?? []),
    at === 0 ? each : null,
  ]);
}

await runProgram(SPEC, measure);
