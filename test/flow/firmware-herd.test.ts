// Many devices, each with a one-time link of its own, and one image: fetched once, and streamed to all of them at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { sendPaced } from '../rig/file-server.ts';
import { assertImage, fetchFrom, macOf, offeredPath, sha256, timed, upgrade } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';
import { type OneTimeServer, oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { BOARD } from '../rig/sample-servers.ts';

const VERSION = '2.0.1';
const FREE = 'firmware: { pace: { device: none } }';

/** A server whose uplink takes that long for one image; `bodyBytes` tells what really left it. */
async function slowServer(t: Parameters<typeof oneTimeServer>[0], board: string, image: Buffer, seconds: number) {
  const server = await oneTimeServer(t, { [board]: { version: VERSION, bytes: image } });
  let bodyBytes = 0;
  server.send = (response, { bytes }, headers) =>
    sendPaced(response, bytes, bytes.length / seconds, headers, (sent) => {
      bodyBytes += sent;
    });
  return { server, bodyBytes: () => bodyBytes };
}

test('a cold herd of sixty costs one fetch, and nobody waits for its end', async (t) => {
  const image = buildImage({ version: VERSION, size: 900_000 });
  const { server, bodyBytes } = await slowServer(t, BOARD, image, 3);
  const gate = await gateFor(t, oneTimeYaml(server, `${FREE}\nworkers: 2`));
  const numbers = Array.from({ length: 60 }, (_, number) => number);
  const begin = async (number: number) => timed(gate, await offeredPath(gate, { mac: macOf(number) }));
  const early = numbers.slice(0, 40).map(begin);
  await until('half of the image', () => bodyBytes() > image.length / 2, 10_000);
  const late = numbers.slice(40).map(begin);
  const earlyOnes = await Promise.all(early);
  const lateOnes = await Promise.all(late);
  for (const one of [...earlyOnes, ...lateOnes]) {
    assert.equal(one.status, 200);
    assert.equal(sha256(one.body), sha256(image));
  }
  assert.equal(server.downloads(), 1, 'one GET for sixty links');
  assert.equal(bodyBytes(), image.length);
  const firstByte = earlyOnes.map(({ headMs, endMs }) => headMs / endMs).sort((a, b) => a - b);
  assert.ok((firstByte[20] ?? 1) < 0.5, `the first byte comes long before the last: ${firstByte[20]}`);
  // Who comes late gets at once what is there already.
  const soon = lateOnes.map((one) => one.soon).sort((a, b) => a - b);
  assert.ok((soon[10] ?? 0) > image.length / 3, `late ones get what is there: ${soon}`);
  await gate.line(({ event }) => event === 'firmware-filled');
});

test('two hundred links, one after the other: the body is fetched once, and no link twice', async (t) => {
  const image = buildImage({ version: VERSION, size: 400_000 });
  const { server, bodyBytes } = await slowServer(t, BOARD, image, 0.5);
  const gate = await gateFor(t, oneTimeYaml(server, FREE));
  const beganMs = performance.now();
  for (let number = 0; number < 200; number += 1) {
    const path = await offeredPath(gate, { mac: macOf(number) });
    if (number % 20 === 0) assertImage(await fetchFrom(gate, path), image, `link ${number}`);
    else assert.equal((await fetchFrom(gate, path, {}, 10_000)).status, 200);
  }
  const seconds = (performance.now() - beganMs) / 1000;
  // Looks: a few at once, and one in firmware.recheck (10 s) from then on. Each ends behind the head.
  const looks = server.downloads() - 1;
  assert.ok(looks <= 16 + seconds / 10, `${looks} looks in ${seconds} s`);
  assert.ok(bodyBytes() < image.length * 2.5, `${bodyBytes()} bytes for an image of ${image.length}`);
  assert.equal(server.mostGets(), 1);
});

for (const [what, board, domain] of [
  [
    'a long board name and a long domain',
    'waveshare-esp32-s3-touch-amoled-1.75',
    'updates-of-devices.some-company.example.org',
  ],
  ['a board that the file name spells in another way', 'esp32+box', 'ota.test'],
] as const) {
  test(`with ${what}, an image is still fetched once, and no link twice`, async (t) => {
    const image = buildImage({ version: VERSION, size: 400_000 });
    const { server, bodyBytes } = await slowServer(t, board, image, 1);
    const gate = await gateFor(t, oneTimeYaml(server, FREE, domain));
    const asker = (number: number) => ({ mac: macOf(number), board, host: domain });
    const all = [0, 1, 2, 3, 4, 5].map(async (number) => {
      await sleep(number * 40);
      return upgrade(gate, asker(number));
    });
    for (const reply of await Promise.all(all)) assertImage(reply, image);
    assertImage(await upgrade(gate, asker(6)), image);
    assert.ok(bodyBytes() < image.length * 1.9, `${bodyBytes()} bytes for an image of ${image.length}`);
    assertOnce(server);
  });
}

function assertOnce(server: OneTimeServer): void {
  assert.equal(server.mostGets(), 1, 'a device needs its three GETs for itself');
}
