// A disk that is full or read-only, and a store that is: devices get their image all the same, and nothing half is left.
import assert from 'node:assert/strict';
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { type FileServer, fileServer, filesYaml, send, sendPaced } from '../rig/file-server.ts';
import { assertImage, fetchFrom, sha256 } from '../rig/firmware-links.ts';
import { type GateRig, gateFor, startGate } from '../rig/gate.ts';
import { killAll, stateFolder, storedFiles } from '../rig/state-folder.ts';
import { type SmallDisk, smallDisk } from '../rig/tmpfs.ts';
import { headerOf } from '../rig/wire.ts';

const MIB = 1024 * 1024;
const FREE = 'pace: { device: none }';
const imageOf = (name: string, size = MIB): Buffer => buildImage({ version: '1.0.0', size, seed: name });
const nameOf = (url: string): string => /([^/]+)\.bin$/.exec(url)?.[1] ?? '';

/** A server on which every name is a file of its own; those with `slow` in it come within two seconds. */
function anyFile(t: TestContext, size = MIB): Promise<FileServer> {
  return fileServer(t, ({ url }, response) => {
    const headers = { ETag: '"one"', 'Cache-Control': 'max-age=60' };
    const image = imageOf(nameOf(url), size);
    if (url.includes('slow')) sendPaced(response, image, size / 2, headers);
    else send(response, image, headers);
  });
}

function passedThrough(gate: GateRig): number {
  return gate.lines.filter(({ event }) => event === 'firmware-not-kept').length;
}

// At the same time: they mostly wait.
describe('a store in need of room', { concurrency: 3 }, () => {
  test('a disk that is full', async (t) => {
    const disk: SmallDisk | null = smallDisk(t, 40);
    if (disk === null) return;
    const files = await anyFile(t);
    const gate = await gateFor(
      t,
      `${filesYaml(files.origin, `firmware: { ${FREE} }`)}\nstateDir: "${disk.folder}/state"`,
    );
    const state = join(disk.folder, 'state');
    const get = (name: string) => fetchFrom(gate, `/fw/${name}.bin`);

    await t.test('as long as there is room, images are kept', async () => {
      assertImage(await get('kept'), imageOf('kept'));
      assert.equal(storedFiles(state).images.length, 1);
    });
    await t.test('full before the fetch: the image is passed on, with a warning', async () => {
      disk.fill('junk', 24 * MIB);
      const replies = await Promise.all([1, 2, 3].map(() => get('passed')));
      for (const reply of replies) assertImage(reply, imageOf('passed'));
      assertImage(await get('passed'), imageOf('passed'));
      assert.equal(files.asked.filter(({ url }) => url.includes('passed')).length, 1, 'once for all of them');
      await gate.line((line) => line.event === 'firmware-not-kept' && line.level === 'warn');
      assert.deepEqual([storedFiles(state).images.length, storedFiles(state).partial.length], [1, 0]);
    });
    await t.test('full in the middle of the fetch: the devices behind it notice nothing', async () => {
      disk.free('junk');
      const before = passedThrough(gate);
      const downloads = [1, 2, 3].map(() => get('slow'));
      await until('half of it', () => storedFiles(state).partial.length > 0);
      disk.fill('junk', 40 * MIB);
      for (const reply of await Promise.all(downloads)) assertImage(reply, imageOf('slow'));
      assert.ok(passedThrough(gate) > before);
      assert.deepEqual([storedFiles(state).images.length, storedFiles(state).partial.length], [1, 0]);
    });
    await t.test('to its last byte: what is there is served', async () => {
      assertImage(await get('kept'), imageOf('kept'));
    });
    await t.test('with room again, images are kept again', async () => {
      disk.free('junk');
      assertImage(await get('again'), imageOf('again'));
      assert.equal(storedFiles(state).images.length, 2);
      assert.match(headerOf(await get('again'), 'Cache-Status') ?? '', /hit/);
    });
  });

  test('a disk full to its last byte, when what is noted of an image has to be written', async (t) => {
    const disk = smallDisk(t, 24);
    if (disk === null) return;
    const files = await anyFile(t, MIB / 4);
    const state = join(disk.folder, 'state');
    const yaml = `${filesYaml(files.origin, `firmware: { ${FREE} }`)}\nstateDir: "${state}"`;
    const first = await startGate(yaml);
    await fetchFrom(first, '/fw/kept.bin');
    await first.stop();
    // As if it had been asked for long ago: that it was asked for again is noted.
    const opened = new DatabaseSync(join(state, 'state.sqlite'));
    opened.exec('UPDATE firmware_image SET offered_ms = offered_ms - 600000');
    opened.close();
    const gate = await gateFor(t, yaml);
    disk.fill('junk', 40 * MIB);
    assertImage(await fetchFrom(gate, '/fw/kept.bin'), imageOf('kept', MIB / 4));
  });

  test('a store that is read-only', async (t) => {
    const disk = smallDisk(t, 40);
    if (disk === null) return;
    const stateDir = stateFolder(t);
    const store = disk.folder;
    symlinkSync(store, join(stateDir, 'firmware-v1'));
    const files = await anyFile(t);
    const yaml = `${filesYaml(files.origin, `firmware: { ${FREE} }`)}\nstateDir: "${stateDir}"`;
    const first = await startGate(yaml);
    assertImage(await fetchFrom(first, '/fw/kept.bin'), imageOf('kept'));
    disk.remount('ro');
    assertImage(await fetchFrom(first, '/fw/kept.bin'), imageOf('kept'));
    assertImage(await fetchFrom(first, '/fw/other.bin'), imageOf('other'));
    await first.line((line) => line.event === 'firmware-not-kept' && line.level === 'warn');
    await first.stop();
    // With something in it that a start would sweep, and an image that was changed.
    disk.remount('rw');
    const [kept = ''] = readdirSync(join(store, 'images'));
    writeFileSync(join(store, 'images', kept), Buffer.alloc(MIB));
    writeFileSync(join(store, 'images/stray'), 'nobody knows it');
    writeFileSync(join(store, 'partial/stray.part'), 'nobody knows it');
    disk.remount('ro');
    const gate = await gateFor(t, yaml);
    assertImage(await fetchFrom(gate, '/fw/kept.bin'), imageOf('kept'));
    assertImage(await fetchFrom(gate, '/fw/third.bin'), imageOf('third'));
  });

  for (const alsoFull of [false, true])
    test(`a store that becomes read-only while an image comes, its disk full: ${alsoFull}`, async (t) => {
      const disk = smallDisk(t, 40);
      if (disk === null) return;
      const files = await anyFile(t);
      const state = join(disk.folder, 'state');
      const gate = await gateFor(t, `${filesYaml(files.origin, `firmware: { ${FREE} }`)}\nstateDir: "${state}"`);
      const downloads = [1, 2, 3].map(() => fetchFrom(gate, '/fw/slow.bin'));
      await until('half of it', () => storedFiles(state).partial.length > 0);
      disk.seal(join(state, 'firmware-v1'));
      if (alsoFull) disk.fill('junk', 40 * MIB);
      for (const reply of await Promise.all(downloads)) assertImage(reply, imageOf('slow'));
      await gate.line((line) => line.event === 'firmware-not-kept' && line.level === 'warn');
      assertImage(await fetchFrom(gate, '/fw/other.bin'), imageOf('other'));
      assert.equal(gate.lines.filter(({ event }) => event === 'fill-end-failed').length, 0);
      assert.equal((await gate.status()).firmware.filling, 0, 'and control is there');
    });

  test('a folder that is taken away while the gate runs: fetched again, and kept again', async (t) => {
    const files = await anyFile(t);
    const gate = await gateFor(t, filesYaml(files.origin, `firmware: { memory: 0, ${FREE} }`));
    const state = join(gate.folder, 'state');
    for (const [folder, name] of [
      ['images', 'one'],
      ['partial', 'two'],
    ] as const) {
      rmSync(join(state, 'firmware-v1', folder), { recursive: true });
      assertImage(await fetchFrom(gate, `/fw/${name}.bin`), imageOf(name));
      assert.ok(storedFiles(state).images.includes(sha256(imageOf(name))), `${name} is kept`);
    }
    rmSync(join(state, 'firmware-v1'), { recursive: true });
    assertImage(await fetchFrom(gate, '/fw/one.bin'), imageOf('one'));
    assert.deepEqual(storedFiles(state).images, [sha256(imageOf('one'))]);
    await gate.line(({ event, fileName }) => event === 'firmware-lost' && fileName === 'one.bin');
  });

  test('firmware.maxBytes', async (t) => {
    const size = 5 * MIB;
    const files = await anyFile(t, size);
    const gate = await gateFor(t, filesYaml(files.origin, `firmware: { maxBytes: 16MiB, memory: 0, ${FREE} }`));
    const state = join(gate.folder, 'state');
    const get = async (name: string): Promise<void> =>
      assertImage(await fetchFrom(gate, `/fw/${name}.bin`), imageOf(name, size));
    const asked = (name: string): number => files.asked.filter(({ url }) => nameOf(url) === name).length;

    await t.test('what was asked for longest ago leaves, what is current stays', async () => {
      // Two versions for one board, the second of them is current; another board has one version only.
      for (const name of ['solo_1', 'board_1', 'board_2']) await get(name);
      await get('board_3');
      assert.equal(storedFiles(state).images.length, 3);
      await gate.line((line) => line.event === 'firmware-evicted' && line.fileName === 'board_1.bin');
      for (const name of ['solo_1', 'board_2', 'board_3']) {
        await get(name);
        assert.equal(asked(name), 1, name);
      }
    });
    await t.test('full of current ones, it passes on, with a warning', async () => {
      await get('second_1');
      await gate.line((line) => line.event === 'firmware-evicted' && line.fileName === 'board_2.bin');
      for (const name of ['third_1', 'third_1']) await get(name);
      await gate.line((line) => line.event === 'firmware-store-full' && line.level === 'warn');
      assert.equal(asked('third_1'), 1);
      assert.equal(storedFiles(state).images.length, 3);
      assert.equal(storedFiles(state).partial.length, 0);
    });
  });

  test('what was only passed on goes with the gate', async (t) => {
    const stateDir = stateFolder(t);
    // The place is called after the stateDir, so that another gate's is left alone.
    const id = sha256(Buffer.from(stateDir)).slice(0, 16);
    const own = (): string[] => readdirSync('/dev/shm').filter((name) => name.includes(id));
    const files = await fileServer(t, (_, response) => send(response, imageOf('x'), { 'Cache-Control': 'no-store' }));
    const yaml = `${filesYaml(files.origin)}\nstateDir: "${stateDir}"`;
    const first = await startGate(yaml);
    await fetchFrom(first, '/fw/x.bin');
    const [made = ''] = own();
    assert.ok(made);
    await killAll(first);
    await first.stop();
    const second = await startGate(yaml);
    await fetchFrom(second, '/fw/x.bin');
    assert.equal(own().length, 1);
    assert.notEqual(own()[0], made, 'what a killed gate left is swept');
    await second.stop();
    assert.deepEqual(own(), []);
  });
});
