// An image that grows while it is read: how much of it may go out, and that no descriptor stays behind.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrowingFile, HELD_BACK_BYTES } from '../../src/firmware/growing-file.ts';
import type { FillState } from '../../src/link/firmware.ts';
import { until } from '../rig/bounded.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const LENGTH = 100_000;
const BYTES = Buffer.alloc(LENGTH, 'firmware');
const WHOLE: FillState = { kind: 'whole', sha256: '0f'.repeat(32) };
const FAILED: FillState = { kind: 'failed', code: 'FIRMWARE_CORRUPT', detail: 'not right' };
const filling = (have: number): FillState => ({ kind: 'filling', have });

function made(state: FillState, bytes = BYTES, length = LENGTH): { file: GrowingFile; path: string } {
  const path = join(freshFolder(), 'a.part');
  writeFileSync(path, bytes);
  const named = { fileName: 'a.bin', contentType: 'x/y', lastModifiedMs: null, app: null };
  const object = { id: 'id', file: path, length, state, stored: true, ...named };
  return { file: new GrowingFile(object), path };
}

/** The open descriptors of this process that lead below the folder of this path. */
function openBelow(path: string): string[] {
  const folder = join(path, '..');
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('what may go out of a growing file', () => {
  const cases: [string, FillState, number][] = [
    ['nothing yet', filling(0), 0],
    ['what is there', filling(50_000), 50_000],
    ['all but the last bytes, however many are there', filling(LENGTH), LENGTH - HELD_BACK_BYTES],
    ['all that is whole', WHOLE, LENGTH],
    ['nothing more of what failed', FAILED, 0],
  ];
  for (const [what, state, expected] of cases) it(what, () => assert.equal(made(state).file.sendable, expected));

  it('nothing of an image shorter than what is held back', () => {
    assert.equal(made(filling(1_000), BYTES.subarray(0, 1_000), 1_000).file.sendable, 0);
  });

  it('stays as it is once it is whole or has failed', () => {
    for (const last of [WHOLE, FAILED]) {
      const { file, path } = made(filling(10));
      file.update({ file: path, state: last });
      file.update({ file: path, state: filling(20) });
      file.update({ file: path, state: last === WHOLE ? FAILED : WHOLE });
      assert.deepEqual(file.state, last);
    }
  });
});

describe('news of a growing file', () => {
  it('wakes all who wait, once for each', async () => {
    const { file, path } = made(filling(0));
    const waiting = [file.changed(), file.changed()];
    file.update({ file: path, state: filling(10) });
    await Promise.all(waiting);
    const next = file.changed();
    assert.equal(await Promise.race([next.then(() => 'news'), sleep(20, 'none')]), 'none');
    file.update({ file: path, state: WHOLE });
    await next;
  });

  it('is there at once where none will come', async () => {
    await made(WHOLE).file.changed();
    await made(FAILED).file.changed();
  });
});

describe('readers of a growing file', () => {
  it('share one descriptor, which goes with the last of them', async () => {
    const { file, path } = made(filling(50_000));
    await Promise.all([file.enter(), file.enter(), file.enter()]);
    assert.deepEqual(openBelow(path), [path]);
    assert.deepEqual(await file.read(100, 50), BYTES.subarray(100, 150));
    for (const isLast of [false, false, true]) {
      file.leave();
      assert.equal(file.isRead, !isLast);
    }
    await until('its end', () => openBelow(path).length === 0);
  });

  it('read each piece once for all, while it grows', async () => {
    const { file, path } = made(filling(50_000));
    await Promise.all([file.enter(), file.enter()]);
    const [one, other, elsewhere] = await Promise.all([file.read(100, 50), file.read(100, 50), file.read(120, 50)]);
    assert.equal(one, other);
    assert.deepEqual([one, elsewhere], [BYTES.subarray(100, 150), BYTES.subarray(120, 170)]);
    file.update({ file: path, state: WHOLE });
    assert.notEqual(await file.read(100, 50), one, 'what is whole is for the memory of the gate to hold');
    for (const _ of [1, 2]) file.leave();
  });

  it('are told where there is no such file, and nothing stays', async () => {
    const { file, path } = made(WHOLE);
    rmSync(path);
    const entering = await Promise.allSettled([file.enter(), file.enter()]);
    assert.deepEqual(
      entering.map((one) => one.status === 'rejected' && one.reason.code),
      ['ENOENT', 'ENOENT'],
    );
    writeFileSync(path, BYTES);
    await file.enter();
    file.leave();
    assert.equal(file.isRead, false);
    await until('its end', () => openBelow(path).length === 0);
  });

  it('read on where the file gets its name for good, and where its bytes go on elsewhere', async () => {
    const { file, path } = made(filling(50_000));
    await file.enter();
    const reading = file.read(0, 10);
    const copy = join(path, '../copy');
    writeFileSync(copy, BYTES);
    file.update({ file: copy, state: filling(60_000) });
    rmSync(path);
    const named = join(path, '../named');
    renameSync(copy, named);
    file.update({ file: named, state: WHOLE });
    assert.deepEqual([await reading, await file.read(0, 10)], [BYTES.subarray(0, 10), BYTES.subarray(0, 10)]);
    file.leave();
    await until('its end', () => openBelow(path).length === 0);
  });

  it('wait for the news of where a growing file went', async () => {
    const { file, path } = made(filling(50_000));
    const named = join(path, '../named');
    renameSync(path, named);
    const entering = [file.enter(), file.enter()];
    await sleep(20);
    file.update({ file: path, state: filling(60_000) });
    await sleep(20);
    file.update({ file: named, state: WHOLE });
    await Promise.all(entering);
    assert.deepEqual(openBelow(path), [named]);
    for (const _ of entering) file.leave();
    await until('its end', () => openBelow(path).length === 0);
  });

  it('are told where a growing file went with its fill', async () => {
    const { file, path } = made(filling(50_000));
    rmSync(path);
    const entering = file.enter();
    await sleep(20);
    file.update({ file: path, state: FAILED });
    await assert.rejects(entering, { code: 'ENOENT' });
    assert.equal(file.isRead, false);
  });

  it('come in while the file gets its name for good, and leave nothing open', async () => {
    const { file, path } = made(filling(50_000));
    const named = join(path, '../images/named');
    mkdirSync(join(path, '../images'));
    // As a gate sees it: the answer with the old name, and before the file is open, the news of the new one.
    renameSync(path, named);
    const entering = file.enter();
    file.update({ file: named, state: WHOLE });
    const entered = await entering.then(
      () => true,
      () => false,
    );
    if (entered) {
      assert.deepEqual(await file.read(0, 10), BYTES.subarray(0, 10));
      file.leave();
    }
    // A handle that nobody closes ends the whole process when the collector finds it.
    await until('no descriptor', () => openBelow(path).length === 0);
  });
});
