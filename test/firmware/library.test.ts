// What is known of the images that are there: over a real catalogue and real files, through restarts and damage.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { NameMemo } from '../../src/firmware/freshness.ts';
import { currentImages, type Entry, Library } from '../../src/firmware/library.ts';
import { Shelf } from '../../src/firmware/shelf.ts';
import { type KeptImage, MAX_NAMES } from '../../src/store/catalogue.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import type { State } from '../../src/store/state.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const NOW = Date.UTC(2026, 11, 1);
const SILENT = pino({ level: 'silent' });
const MEMO: NameMemo = { policy: null, length: 100, fileName: 'a', etag: null, lastModified: null, head: 'e9' };

type Opened = { library: Library; shelf: Shelf; state: State; folder: string; images: string };

function opened(folder = freshFolder()): Opened {
  const state = openSqliteState(folder, NOW);
  const shelf = new Shelf(folder);
  return {
    library: new Library(state.catalogue, shelf, SILENT),
    shelf,
    state,
    folder,
    images: join(folder, 'firmware-v1/images'),
  };
}

/** The same folder, as the next process finds it. */
function again({ state, folder }: Opened): Opened {
  state.close();
  return opened(folder);
}

/** Puts an image of so many bytes on the shelf and into the library. */
function put({ library, shelf }: Opened, fileName: string, rest: Partial<KeptImage> = {}): KeptImage {
  const length = rest.length ?? 100;
  const bytes = Buffer.alloc(length, `${fileName} `);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(shelf.image(sha256), bytes);
  const image: KeptImage = {
    sha256,
    kind: 'app',
    length,
    fileName,
    contentType: 'application/octet-stream',
    facts: {},
    pinned: false,
    addedMs: NOW,
    offeredMs: NOW,
    ...rest,
  };
  library.add(image);
  return image;
}

const entryOf = (name: string, { sha256, length }: KeptImage, rest: Partial<NameMemo> = {}): Entry => ({
  name,
  sha256,
  checkedMs: NOW,
  usedMs: NOW,
  memo: { ...MEMO, length, ...rest },
});

describe('a library', () => {
  it('knows after a restart what it knew before, and has looked at none of it yet', () => {
    const first = opened();
    const image = put(first, 'a_1.bin');
    first.library.name(entryOf('one', image));
    assert.equal(first.library.isChecked(image.sha256), true);
    const { library } = again(first);
    assert.deepEqual(library.image(image.sha256), image);
    assert.deepEqual(library.entry('one')?.memo, entryOf('one', image).memo);
    assert.equal(library.isChecked(image.sha256), false);
  });

  it('drops what has no file or one of another length, with its names, and sweeps files that nobody knows', () => {
    const first = opened();
    const [gone, shorter, kept] = ['gone_1', 'shorter_1', 'kept_1'].map((name) => put(first, name));
    assert.ok(gone && shorter && kept);
    for (const image of [gone, shorter, kept]) first.library.name(entryOf(image.fileName, image));
    rmSync(first.shelf.image(gone.sha256));
    writeFileSync(first.shelf.image(shorter.sha256), 'short');
    writeFileSync(join(first.images, 'stray'), 'x');
    const { library, images } = again(first);
    assert.deepEqual(
      library.images().map(({ fileName }) => fileName),
      ['kept_1'],
    );
    assert.deepEqual(
      ['gone_1', 'shorter_1', 'kept_1'].map((name) => library.entry(name)?.sha256),
      [undefined, undefined, kept.sha256],
    );
    assert.deepEqual(readdirSync(images), [kept.sha256]);
  });

  it('finds a changed byte at the first look, for all who ask, and drops the image with file and names', async () => {
    const first = opened();
    const image = put(first, 'a_1.bin');
    first.library.name(entryOf('one', image));
    const next = again(first);
    const file = next.shelf.image(image.sha256);
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(7) ^ 1, 7);
    writeFileSync(file, bytes);
    const looks = await Promise.all([1, 2, 3].map(() => next.library.check(image.sha256)));
    assert.deepEqual(looks, [false, false, false]);
    assert.equal(next.library.entry('one'), undefined);
    assert.equal(existsSync(file), false);
    assert.deepEqual(again(next).library.images(), []);
  });

  it('looks at an image once, and again when it is told to', async () => {
    const first = opened();
    const image = put(first, 'a_1.bin');
    const { library, shelf } = again(first);
    assert.equal(await library.check(image.sha256), true);
    writeFileSync(shelf.image(image.sha256), Buffer.alloc(image.length));
    assert.equal(await library.check(image.sha256), true, 'its bytes were right when it began');
    library.uncheck([image.sha256]);
    assert.equal(await library.check(image.sha256), false);
    assert.equal(await library.check('0'.repeat(64)), false);
  });

  it('finds an app by its head and length, and nothing else', () => {
    const one = opened();
    const [app, assets] = [put(one, 'app_1'), put(one, 'assets_1', { kind: 'assets' })];
    one.library.name(entryOf('app', app, { head: 'e901' }));
    one.library.name(entryOf('assets', assets, { head: 'aa' }));
    assert.equal(one.library.findApp('e901', app.length), app.sha256);
    assert.equal(one.library.findApp('e901', app.length + 1), null);
    assert.equal(one.library.findApp('e902', app.length), null);
    assert.equal(one.library.findApp('aa', assets.length), null);
  });

  it('remembers as many names as the catalogue, and the newest of them', () => {
    const one = opened();
    const image = put(one, 'a_1.bin');
    const spare = Math.ceil(MAX_NAMES / 500);
    // Fewer go into the state than into memory, so that the test is quick.
    const library = new Library({ ...one.state.catalogue, putName: () => {} }, one.shelf, SILENT);
    for (let nth = 0; nth < MAX_NAMES + spare; nth += 1) library.name(entryOf(`n${nth}`, image));
    assert.equal(library.entry('n0'), undefined);
    assert.ok(library.entry(`n${MAX_NAMES + spare - 1}`));
    assert.ok(library.namesOf(image.sha256).length <= MAX_NAMES);
  });

  it('says when a link may lead to other bytes, and at no other time', () => {
    const there = opened();
    const { library } = there;
    let told = 0;
    library.onOtherBytes = () => {
      told += 1;
    };
    const toldBy = (work: () => void): number => {
      told = 0;
      work();
      return told;
    };
    const [one, other] = [put(there, 'a_1.bin'), put(there, 'a_2.bin')];
    assert.equal(
      toldBy(() => library.name(entryOf('link', one))),
      0,
    );
    assert.equal(
      toldBy(() => library.name({ ...entryOf('link', one), checkedMs: NOW + 1 })),
      0,
    );
    assert.equal(
      toldBy(() => library.name(entryOf('link', other))),
      1,
    );
    assert.equal(
      toldBy(() => library.forgetName('link')),
      1,
    );
    assert.equal(
      toldBy(() => library.remove(one.sha256)),
      1,
    );
  });

  it('goes on where the state cannot be written', () => {
    const one = opened();
    const image = put(one, 'a_1.bin');
    const full = (): never => {
      throw new Error('database or disk is full');
    };
    const catalogue = {
      ...one.state.catalogue,
      putImage: full,
      putName: full,
      removeImage: full,
      offered: full,
      pin: full,
    };
    const library = new Library(catalogue, one.shelf, SILENT);
    library.name(entryOf('one', image));
    library.offered(image.sha256, NOW + 3_600_000);
    library.pin(image.sha256, true);
    assert.equal(library.entry('one')?.sha256, image.sha256);
    library.remove(image.sha256);
    assert.equal(existsSync(one.shelf.image(image.sha256)), false, 'its room is given back all the same');
  });
});

describe('the room in a library', () => {
  const namesIn = (library: Library): string[] =>
    library
      .images()
      .map(({ fileName }) => fileName)
      .sort();

  it('is made by what was asked for longest ago; what is pinned or current stays', () => {
    const one = opened();
    put(one, 'a_1.bin', { offeredMs: NOW + 1 });
    put(one, 'a_2.bin', { offeredMs: NOW + 9 });
    put(one, 'b_1.bin', { offeredMs: NOW, pinned: true });
    put(one, 'b_2.bin', { offeredMs: NOW + 2 });
    put(one, 'b_3.bin', { offeredMs: NOW + 3 });
    assert.equal(one.library.makeRoom(100, 600), true);
    assert.equal(one.library.images().length, 5, 'there was room');
    assert.equal(one.library.makeRoom(100, 500), true);
    assert.deepEqual(namesIn(one.library), ['a_2.bin', 'b_1.bin', 'b_2.bin', 'b_3.bin']);
    assert.equal(one.library.makeRoom(200, 500), true);
    assert.deepEqual(namesIn(one.library), ['a_2.bin', 'b_1.bin', 'b_3.bin']);
    assert.deepEqual(namesIn(again(one).library), ['a_2.bin', 'b_1.bin', 'b_3.bin']);
  });

  it('that cannot be enough is not made at all', () => {
    const one = opened();
    for (const name of ['a_1', 'a_2', 'b_1']) put(one, name);
    assert.equal(one.library.makeRoom(100, 250), false);
    assert.equal(one.library.makeRoom(1_000, 500), false);
    assert.equal(one.library.images().length, 3);
  });

  it('follows what was offered again', () => {
    const one = opened();
    const old = put(one, 'a_1.bin', { offeredMs: NOW });
    put(one, 'a_2.bin', { offeredMs: NOW + 1_000 });
    one.library.offered(old.sha256, NOW + 120_000);
    assert.equal(one.library.makeRoom(100, 200), true);
    assert.deepEqual(namesIn(one.library), ['a_1.bin'], 'a roll-back makes the older one current');
  });

  it('counts one current image for each board and kind', () => {
    const one = opened();
    const all = [
      put(one, 'a_1.bin', { offeredMs: NOW }),
      put(one, 'a_2.bin', { offeredMs: NOW + 1 }),
      put(one, 'a_b_1.bin', { offeredMs: NOW }),
      put(one, 'a_3.bin', { offeredMs: NOW, kind: 'assets' }),
      put(one, 'plain.bin', { offeredMs: NOW }),
    ];
    const current = currentImages(all);
    assert.deepEqual(
      all.map(({ sha256 }) => current.has(sha256)),
      [false, true, true, true, true],
    );
  });
});
