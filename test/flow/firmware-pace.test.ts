// The pace of downloads: one device gets its rate over however many connections, all together get theirs over however
// many processes, and no device waits so long for its next byte that it gives up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { send } from '../rig/file-server.ts';
import { assertImage, check, fetchFrom, macOf, offeredPath, sha256, timed, upgrade } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';
import { type OneTimeServer, oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { BOARD } from '../rig/sample-servers.ts';

const KIB = 1024;
const LENGTH = 192 * KIB;
const IMAGE = buildImage({ version: '2.0.1', size: LENGTH });
// The longest that the oldest clients wait for a byte.
const GIVES_UP_MS = 5_000;

function serverOf(t: Parameters<typeof oneTimeServer>[0]): Promise<OneTimeServer> {
  return oneTimeServer(t, { [BOARD]: { version: '2.0.1', bytes: IMAGE } });
}

/** Bytes a second from the first byte to the last, beyond what may go at once. */
function rateOf(bytes: number, beganMs: number): number {
  return bytes / ((performance.now() - beganMs) / 1000);
}

test('firmware.pace.device: one device, whatever its connections and ranges', async (t) => {
  const server = await serverOf(t);
  const gate = await gateFor(t, oneTimeYaml(server, 'firmware: { pace: { device: 128KiB/s } }'));
  const [path, other] = [await offeredPath(gate), await offeredPath(gate, { mac: macOf(1) })];

  await t.test('one connection', async () => {
    const beganMs = performance.now();
    assertImage(await fetchFrom(gate, path), IMAGE);
    const rate = rateOf(LENGTH, beganMs);
    assert.ok(rate < 150 * KIB && rate > 60 * KIB, `${rate} bytes a second`);
  });
  await t.test('four ranges at a time, of two links', async () => {
    const quarter = LENGTH / 4;
    const again = await offeredPath(gate);
    const beganMs = performance.now();
    const parts = await Promise.all(
      [0, 1, 2, 3].map((index) => {
        const range = { Range: `bytes=${index * quarter}-${(index + 1) * quarter - 1}` };
        return fetchFrom(gate, index % 2 === 0 ? path : again, { headers: range });
      }),
    );
    const rate = rateOf(LENGTH, beganMs);
    assert.ok(rate < 150 * KIB, `${rate} bytes a second`);
    assert.equal(sha256(Buffer.concat(parts.map(({ body }) => body))), sha256(IMAGE));
  });
  await t.test('another device has its own', async () => {
    const beganMs = performance.now();
    await Promise.all([path, other].map(async (one) => assertImage(await fetchFrom(gate, one), IMAGE)));
    assert.ok(rateOf(2 * LENGTH, beganMs) > 160 * KIB);
  });
});

test('firmware.pace.total: shared by all, in two processes', async (t) => {
  const server = await serverOf(t);
  const total = 512 * KIB;
  const gate = await gateFor(
    t,
    oneTimeYaml(server, 'firmware: { pace: { device: none, total: 512KiB/s } }\nworkers: 2'),
  );
  assertImage(await upgrade(gate), IMAGE);
  const paths = await Promise.all(Array.from({ length: 8 }, (_, number) => offeredPath(gate, { mac: macOf(number) })));
  const beganMs = performance.now();
  const all = await Promise.all(paths.map((path) => timed(gate, path)));
  const rate = rateOf(8 * LENGTH, beganMs);
  for (const one of all) {
    assert.ok(one.body.equals(IMAGE));
    assert.ok(one.gapMs < GIVES_UP_MS && one.headMs < GIVES_UP_MS, `${one.headMs} ms, then ${one.gapMs} ms`);
  }
  assert.ok(rate < total * 1.15, `${rate} bytes a second of ${total}`);
  assert.ok(rate > total * 0.6, `${rate} bytes a second of ${total}`);
});

// Both mostly wait.
test('a total that is too small for all who come', { concurrency: true }, async (t) => {
  const FREE = 'firmware: { pace: { device: none } }';
  const tooSmall = t.test('by far: nobody waits five seconds for a byte', async (one) => {
    const server = await serverOf(one);
    const gate = await gateFor(
      one,
      oneTimeYaml(server, 'firmware: { pace: { device: none, total: 16KiB/s } }\nworkers: 2'),
    );
    const paths = await Promise.all(
      Array.from({ length: 24 }, (_, number) => offeredPath(gate, { mac: macOf(number) })),
    );
    const downloads = paths.map((path) => timed(gate, path));
    await sleep(6_500);
    // Enough has been seen: the rest without a bound.
    await gate.reload(oneTimeYaml(server, `${FREE}\nworkers: 2`));
    for (const { failed, body, headMs, gapMs } of await Promise.all(downloads)) {
      assert.ok(body.equals(IMAGE), `${failed}, ${body.length} bytes of ${LENGTH}`);
      assert.ok(headMs < GIVES_UP_MS && gapMs < GIVES_UP_MS, `the head after ${headMs} ms, a gap of ${gapMs} ms`);
    }
  });
  const useful = t.test('by a little: some begin, and the others wait a while before they do', async (one) => {
    const server = await serverOf(one);
    const gate = await gateFor(one, oneTimeYaml(server, 'firmware: { pace: { device: none, total: 96KiB/s } }'));
    const begin = async (number: number) => timed(gate, await offeredPath(gate, { mac: macOf(number) }));
    const downloads = [0, 1, 2, 3, 4, 5].map(begin);
    await sleep(5_500);
    await gate.reload(oneTimeYaml(server, FREE));
    const heads = (await Promise.all(downloads)).map(({ headMs }) => headMs).sort((a, b) => a - b);
    assert.ok((heads[3] ?? 0) < 1_500, `four begin at once: ${heads}`);
    assert.ok((heads[4] ?? 0) > 1_500 && (heads[5] ?? 0) < GIVES_UP_MS, `two wait: ${heads}`);
  });
  await Promise.all([tooSmall, useful]);
});

test('firmware.downloads: past it, nothing is offered', async (t) => {
  const server = await serverOf(t);
  server.send = (response, { bytes }, headers) => send(response, bytes, headers);
  const yaml = oneTimeYaml(server, 'firmware: { downloads: 2, pace: { device: 64KiB/s } }\nworkers: 2');
  const gate = await gateFor(t, yaml);
  const running = [0, 1].map(async (number) => timed(gate, await offeredPath(gate, { mac: macOf(number) })));
  // Each process hears of the other's downloads in a moment.
  for (let tries = 0; tries < 6; tries += 1) {
    await until('no offer', async () => {
      const { firmware } = await check(gate, { mac: macOf(9) });
      return JSON.stringify(firmware) === '{"version":"1.8.1","url":""}';
    });
  }
  for (const { body } of await Promise.all(running)) assert.ok(body.equals(IMAGE), 'those that run, go on');
  await until('an offer', () => offeredPath(gate, { mac: macOf(9) }).catch(() => false as const));
});
