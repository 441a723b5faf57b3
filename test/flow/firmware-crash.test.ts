// A gate that is killed while it fetches an image: started again, it goes on with what is there, and gives out nothing
// that is not right. A gate process that is killed takes its own downloads with it, and nothing else.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { type Asked, fileServer, filesYaml, send, sendCut, sendPaced } from '../rig/file-server.ts';
import { assertImage, fetchFrom, isComplete, macOf, offeredPath, timed, upgrade } from '../rig/firmware-links.ts';
import { gateFor, startGate } from '../rig/gate.ts';
import { type OneTimeServer, oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { BOARD } from '../rig/sample-servers.ts';
import { killAll, stateFolder, storedFiles, workersOf } from '../rig/state-folder.ts';

const LENGTH = 600_000;
const IMAGE = buildImage({ version: '2.0.1', size: LENGTH });
const LINKED = buildImage({ version: '2.0.1', size: LENGTH, seed: 'linked' });
const FREE = 'firmware: { pace: { device: none } }';

type PartialFile = { name: string; memo: string; bytes: number };

function readPartials(stateDir: string): PartialFile[] {
  const folder = join(stateDir, 'firmware-v1/partial');
  return storedFiles(stateDir)
    .partial.filter((name) => name.endsWith('.part'))
    .map((name) => ({
      name,
      memo: readFileSync(join(folder, name.replace('.part', '.json')), 'utf8'),
      bytes: statSync(join(folder, name)).size,
    }));
}

/** How much stands in the one with the least; 0 where there are not yet so many. */
function smallestPartial(stateDir: string, count: number): number {
  const partials = readPartials(stateDir);
  return partials.length < count ? 0 : Math.min(...partials.map(({ bytes }) => bytes));
}

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(file, bytes);
}

function bothYaml(files: string, server: OneTimeServer, stateDir: string): string {
  return `domain: ota.test
stateDir: "${stateDir}"
upstreams: { files: "${files}", console: "${server.files.origin}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: console, role: ota-check, plainHttp: always }
  - { name: firmware, path: /xiaozhi/otaMag/download/, upstream: console, role: firmware, plainHttp: always }
  - { name: files, path: /fw/, upstream: files, role: firmware, plainHttp: always }
${FREE}`;
}

/** A file that a server with ranges has, or, while it is slow, gives out at a pace at which it can be caught. */
function answerRange({ headers }: Asked, response: ServerResponse, slow: boolean): void {
  const tag = { ETag: '"one"', 'Accept-Ranges': 'bytes', 'Cache-Control': 'max-age=600' };
  const at = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  const range = { 'Content-Range': `bytes ${at}-${LENGTH - 1}/${LENGTH}`, ...tag };
  if (slow) sendPaced(response, IMAGE, LENGTH / 2, tag);
  else if (at > 0) send(response, IMAGE.subarray(at), range, 206);
  else send(response, IMAGE, tag);
}

test('killed in the middle, with all its processes, and started again', async (t) => {
  const stateDir = stateFolder(t);
  const [images, partial] = ['images', 'partial'].map((name) => join(stateDir, 'firmware-v1', name));
  assert.ok(images && partial);
  let slow = false;
  const files = await fileServer(t, (asked, response) => answerRange(asked, response, slow));
  const server = await oneTimeServer(t, { [BOARD]: { version: '2.0.1', bytes: LINKED } });
  server.send = (response, { bytes }, headers) =>
    slow ? sendPaced(response, bytes, LENGTH / 2, headers) : send(response, bytes, headers);
  const yaml = bothYaml(files.origin, server, stateDir);
  const first = await startGate(yaml);
  t.after(() => first.stop());

  assertImage(await fetchFrom(first, '/fw/whole.bin'), IMAGE);
  slow = true;
  const begun = [fetchFrom(first, '/fw/half.bin'), fetchFrom(first, '/fw/damaged.bin'), upgrade(first)];
  for (const one of begun) one.catch(() => {});
  await until('a third of each', () => smallestPartial(stateDir, 3) > LENGTH / 3);
  await killAll(first);
  slow = false;
  const partials = readPartials(stateDir);
  const have = (name: string): number => partials.find((one) => one.memo.includes(name))?.bytes ?? 0;
  assert.ok(have('half.bin') > 0 && have('half.bin') < LENGTH);

  // What else a crash, or a disk, can leave behind.
  writeFileSync(join(partial, 'aaaa.part'), 'without a memo');
  writeFileSync(join(partial, 'bbbb.part'), 'with a damaged memo');
  writeFileSync(join(partial, 'bbbb.json'), '{"name":"x","length":');
  writeFileSync(join(partial, 'cccc.json'), '{}');
  writeFileSync(join(partial, 'dddd.json.tmp'), '{');
  writeFileSync(join(images, 'stray'), 'nobody knows it');
  flipByte(join(partial, partials.find((one) => one.memo.includes('damaged.bin'))?.name ?? ''), 100_000);
  const [name = ''] = storedFiles(stateDir).images.filter((image) => image !== 'stray');
  flipByte(join(images, name), 9_999);
  const gate = await gateFor(t, yaml);

  await t.test('what nobody knows is swept', () => {
    assert.deepEqual(storedFiles(stateDir).images.includes('stray'), false);
    assert.equal(storedFiles(stateDir).partial.length, 6, `three and their memos: ${storedFiles(stateDir).partial}`);
  });
  await t.test('an image that was changed on the disk is found, dropped, and fetched again', async () => {
    const asked = files.asked.length;
    const replies = await Promise.all([1, 2, 3].map(() => fetchFrom(gate, '/fw/whole.bin')));
    for (const reply of replies) assertImage(reply, IMAGE);
    assert.equal(files.asked.length, asked + 1);
    await gate.line((line) => line.event === 'firmware-lost' && line.sha256 === name && line.level === 'error');
    assert.ok(readFileSync(join(images, name)).equals(IMAGE));
  });
  await t.test('at a server that knows ranges, it goes on where it was', async () => {
    const before = files.bytes();
    assertImage(await fetchFrom(gate, '/fw/half.bin'), IMAGE);
    const cost = files.bytes() - before;
    assert.ok(cost < LENGTH - have('half.bin') + 2_000, `${cost} bytes for ${LENGTH - have('half.bin')} missing ones`);
  });
  await t.test('at a server of one-time links, it fetches all once more, and compares', async () => {
    assertImage(await upgrade(gate, { mac: macOf(7) }), LINKED);
    assert.equal(server.downloads(), 2);
  });
  await t.test('with a damaged part, no device gets a whole wrong image, and then a right one', async () => {
    const reply = await fetchFrom(gate, '/fw/damaged.bin').catch(() => null);
    assert.ok(!isComplete(reply) || reply?.body.equals(IMAGE));
    const next = await until('the image', async () => {
      const again = await fetchFrom(gate, '/fw/damaged.bin').catch(() => null);
      return again !== null && isComplete(again) && again;
    });
    assertImage(next, IMAGE);
  });
  await t.test('nothing half is left', async () => {
    await until('a clean folder', () => storedFiles(stateDir).partial.length === 0);
  });
});

test('one gate process is killed: the others go on, and so does the fetch', async (t) => {
  const server = await oneTimeServer(t, { [BOARD]: { version: '2.0.1', bytes: IMAGE } });
  server.send = (response, { bytes }, headers) => sendPaced(response, bytes, LENGTH / 3, headers);
  const gate = await gateFor(t, `${oneTimeYaml(server, FREE)}\nworkers: 2`);
  const [victim = 0, other = 0] = workersOf(gate);
  const paths = await Promise.all(Array.from({ length: 16 }, (_, number) => offeredPath(gate, { mac: macOf(number) })));
  const downloads = paths.map((path) => timed(gate, path));
  await until('the fetch', () => smallestPartial(join(gate.folder, 'state'), 1) > LENGTH / 3);
  process.kill(victim, 'SIGKILL');
  const ended = await Promise.all(downloads);
  const whole = ended.filter((one) => one.whole && one.status === 200);
  assert.ok(whole.length > 0 && whole.length < 16, `${whole.length} of 16 go on`);
  for (const { body } of whole) assert.ok(body.equals(IMAGE));
  assert.ok(workersOf(gate).includes(other));
  const again = await until('a gate', () => upgrade(gate, { mac: macOf(99) }).catch(() => undefined));
  assertImage(again, IMAGE);
  assert.equal(server.downloads() <= 2, true, 'one fetch, and one look');
  assert.equal(server.mostGets(), 1);
});

test('failed fetches leave one partial file at the most', async (t) => {
  let image = IMAGE;
  let whole = true;
  const files = await fileServer(t, (_, response) => {
    const tag = { ETag: image === IMAGE ? '"one"' : '"two"' };
    if (whole) send(response, image, tag);
    else sendCut(response, image, 100_000, tag);
  });
  const gate = await gateFor(t, filesYaml(files.origin, 'firmware: { recheck: 1s }'));
  assertImage(await fetchFrom(gate, '/fw/a.bin'), IMAGE);
  image = buildImage({ version: '2.0.1', size: LENGTH, seed: 'replaced' });
  whole = false;
  for (let tries = 0; tries < 3; tries += 1) {
    assert.equal(isComplete(await fetchFrom(gate, '/fw/a.bin').catch(() => null)), false);
    await until('its end', () => gate.lines.filter(({ event }) => event === 'firmware-failed').length > tries);
  }
  const { partial } = storedFiles(join(gate.folder, 'state'));
  assert.ok(partial.length <= 2, `${partial}`);
  whole = true;
  assertImage(await fetchFrom(gate, '/fw/a.bin'), image);
  await until('a clean folder', () => storedFiles(join(gate.folder, 'state')).partial.length === 0);
});
