// The folders of the store: partial files that grow, outlive their process, and are given a name for good.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Leftovers } from '../../src/firmware/leftovers.ts';
import { memoFile, Partial, type PartialMemo } from '../../src/firmware/partial.ts';
import { Shelf } from '../../src/firmware/shelf.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const NOW = Date.UTC(2026, 11, 1);
const HOUR = 3_600_000;
const BYTES = Buffer.from('The bytes of a firmware image, or something like them.');
const MEMO: Omit<PartialMemo, 'bootId' | 'startedMs'> = {
  name: 'one',
  length: BYTES.length,
  etag: '"1"',
  lastModified: null,
  fileName: 'a.bin',
  contentType: 'application/octet-stream',
};

type Opened = { shelf: Shelf; partials: string; stateDir: string };

function opened(t: TestContext, stateDir = freshFolder()): Opened {
  const shelf = new Shelf(stateDir);
  t.after(() => shelf.close());
  return { shelf, partials: join(stateDir, 'firmware-v1/partial'), stateDir };
}

describe('a partial file', () => {
  it('grows, is read, compared, and gone on with by the next process', async (t) => {
    const { shelf, stateDir } = opened(t);
    const partial = await shelf.create(MEMO, NOW, true);
    for (const byte of [BYTES.subarray(0, 10), BYTES.subarray(10, 30)]) await partial.append(byte);
    assert.equal(partial.have, 30);
    assert.deepEqual(await partial.read(5, 10), BYTES.subarray(5, 15));
    assert.deepEqual(await partial.read(25, 100), BYTES.subarray(25, 30));
    assert.deepEqual(
      [await partial.holds(0, BYTES.subarray(0, 30)), await partial.holds(3, BYTES.subarray(0, 4))],
      [true, false],
    );
    assert.equal(await partial.holds(20, BYTES.subarray(20)), false, 'what is not there yet');
    await partial.close();
    const [left] = opened(t, stateDir).shelf.leftovers();
    assert.ok(left);
    assert.deepEqual(left.memo, { ...MEMO, startedMs: NOW, bootId: shelf.bootId });
    const next = await Partial.resume(left.file, left.memo);
    await next.append(BYTES.subarray(30));
    const chunks: Buffer[] = [];
    for await (const chunk of next.bytes()) chunks.push(chunk);
    assert.deepEqual(Buffer.concat(chunks), BYTES);
    await next.discard();
    assert.deepEqual([existsSync(left.file), existsSync(memoFile(left.file))], [false, false]);
  });

  it('never has more than was promised', async (t) => {
    const { shelf } = opened(t);
    const partial = await shelf.create(MEMO, NOW, true);
    await partial.append(Buffer.concat([BYTES, BYTES]));
    await partial.close();
    const next = await Partial.resume(partial.file, partial.memo);
    assert.equal(next.have, BYTES.length);
    assert.equal(statSync(partial.file).size, BYTES.length);
    await next.discard();
  });

  it('goes on elsewhere, and leaves nothing where it was', async (t) => {
    const { shelf, partials } = opened(t);
    const partial = await shelf.create(MEMO, NOW, true);
    await partial.append(BYTES.subarray(0, 20));
    await shelf.pass(partial);
    await partial.append(BYTES.subarray(20));
    assert.deepEqual(readdirSync(partials), []);
    assert.deepEqual(readFileSync(partial.file), BYTES);
    await partial.close();
    shelf.close();
    assert.equal(existsSync(partial.file), false);
  });

  it('goes on elsewhere though what it leaves cannot be removed, and ends without an error', async (t) => {
    const { shelf, partials } = opened(t);
    const partial = await shelf.create(MEMO, NOW, true);
    await partial.append(BYTES.subarray(0, 20));
    rmSync(partials, { recursive: true });
    writeFileSync(partials, 'no folder');
    await shelf.pass(partial);
    await partial.append(BYTES.subarray(20));
    assert.deepEqual(readFileSync(partial.file), BYTES);
    shelf.close();
    await partial.discard();
  });

  it('that is not to be kept stands elsewhere from its beginning, without a memo', async (t) => {
    const { shelf, partials } = opened(t);
    const partial = await shelf.create(MEMO, NOW, false);
    assert.deepEqual(readdirSync(partials), []);
    assert.equal(existsSync(memoFile(partial.file)), false);
    assert.equal(statSync(join(partial.file, '..')).mode & 0o777, 0o700, 'for this user only');
    await partial.discard();
  });
});

describe('a shelf', () => {
  it('gives a partial file its name for good', async (t) => {
    const { shelf, partials } = opened(t);
    const sha256 = createHash('sha256').update(BYTES).digest('hex');
    const partial = await shelf.create(MEMO, NOW, true);
    await partial.append(BYTES);
    assert.equal(shelf.hasImage(sha256, BYTES.length), false);
    await shelf.place(partial, sha256);
    assert.equal(shelf.hasImage(sha256, BYTES.length), true);
    assert.equal(shelf.hasImage(sha256, BYTES.length + 1), false);
    assert.equal(await shelf.isIntact(sha256), true);
    assert.deepEqual(readdirSync(partials), []);
    truncateSync(shelf.image(sha256), 10);
    assert.equal(await shelf.isIntact(sha256), false);
    shelf.remove(sha256);
    shelf.remove(sha256);
    assert.equal(await shelf.isIntact(sha256), false);
  });

  it('is done in the moment in which the name is there', async (t) => {
    const { shelf } = opened(t);
    const sha256 = createHash('sha256').update(BYTES).digest('hex');
    const partial = await shelf.create(MEMO, NOW, true);
    await partial.append(BYTES);
    let done = false;
    const placing = shelf.place(partial, sha256).then(() => {
      done = true;
    });
    while (!shelf.hasImage(sha256, BYTES.length)) await new Promise((resolve) => setImmediate(resolve));
    // Whoever asks in between is sent to the old name, where nothing is any more.
    assert.equal(done, true);
    await placing;
  });

  it('passes on what it could not give a name', async (t) => {
    const { shelf, stateDir } = opened(t);
    const partial = await shelf.create(MEMO, NOW, true);
    await partial.append(BYTES);
    const images = join(stateDir, 'firmware-v1/images');
    rmSync(images, { recursive: true });
    writeFileSync(images, 'no folder');
    await assert.rejects(shelf.place(partial, 'a'.repeat(64)), { code: 'ENOTDIR' });
    await shelf.pass(partial);
    assert.deepEqual(readFileSync(partial.file), BYTES);
    await partial.close();
  });

  it('goes on with what is young, of this run of the machine, and whose memo can be read', async (t) => {
    const { shelf, partials, stateDir } = opened(t);
    const make = async (name: string, startedMs: number, change: object = {}): Promise<string> => {
      const partial = await shelf.create({ ...MEMO, name }, startedMs, true);
      await partial.append(BYTES.subarray(0, 10));
      await partial.close();
      const memo: object = JSON.parse(readFileSync(memoFile(partial.file), 'utf8'));
      writeFileSync(memoFile(partial.file), JSON.stringify({ ...memo, ...change }));
      return basename(partial.file);
    };
    const young = await make('young', NOW - HOUR);
    const newer = await make('twice', NOW - HOUR);
    for (const [name, startedMs, change] of [
      ['twice', NOW - 2 * HOUR, {}],
      ['old', NOW - 25 * HOUR, {}],
      ['another run', NOW, { bootId: 'another' }],
      ['no run', NOW, { bootId: null }],
      ['no name', NOW, { name: null }],
      ['a length below zero', NOW, { length: -1 }],
      ['another type', NOW, { contentType: 7 }],
    ] as const)
      await make(name, startedMs, change);
    writeFileSync(join(partials, 'stray.part'), 'x');
    writeFileSync(join(partials, 'half.json'), '{"name":');
    const found = new Leftovers(opened(t, stateDir).shelf.leftovers(), NOW);
    assert.deepEqual(found.names().sort(), ['twice', 'young']);
    assert.equal(basename(found.take('twice')?.file ?? ''), newer);
    const kept = [young, newer].flatMap((file) => [file, memoFile(file)]).sort();
    assert.deepEqual(readdirSync(partials).sort(), kept, 'nothing else is left');
  });

  it('goes on with sixteen at the most, the newest', async (t) => {
    const { shelf, partials, stateDir } = opened(t);
    for (let nth = 0; nth < 20; nth += 1) {
      const partial = await shelf.create({ ...MEMO, name: `${nth}` }, NOW + nth, true);
      await partial.close();
    }
    const found = new Leftovers(opened(t, stateDir).shelf.leftovers(), NOW + HOUR);
    assert.equal(found.names().length, 16);
    assert.ok(found.has('19') && !found.has('3'));
    assert.equal(readdirSync(partials).length, 32);
  });

  it('sweeps images that nobody knows', (t) => {
    const { shelf, stateDir } = opened(t);
    const images = join(stateDir, 'firmware-v1/images');
    for (const name of ['known', 'unknown', '.hidden']) writeFileSync(join(images, name), 'x');
    // A disk of its own brings such a folder along.
    mkdirSync(join(images, 'lost+found'));
    shelf.sweep(new Set(['known']));
    assert.ok(existsSync(join(images, 'known')));
    assert.equal(existsSync(join(images, 'unknown')), false);
  });
});
