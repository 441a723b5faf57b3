// Images that are only passed through: found by name for a while, within a bound of bytes, and gone from the disk then.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type PassingImage, PassingImages } from '../../src/firmware/passing.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const MIB = 1024 * 1024;
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 11, 1);

function imagesIn(folder: string) {
  let made = 0;
  return (length: number): PassingImage => {
    made += 1;
    const file = join(folder, `${made}.part`);
    writeFileSync(file, 'x');
    return {
      id: `id ${made}`,
      sha256: '0'.repeat(64),
      file,
      length,
      fileName: 'a',
      contentType: 'b',
      lastModifiedMs: null,
      app: null,
    };
  };
}

describe('images that are passed through', () => {
  it('are found by their name for ten minutes, and then gone', () => {
    const [passing, image] = [new PassingImages(), imagesIn(freshFolder())];
    const one = image(MIB);
    passing.add('one', one, NOW);
    assert.equal(passing.find('one', NOW + 9 * MINUTE)?.id, one.id);
    assert.equal(passing.find('two', NOW), undefined);
    assert.equal(passing.find('one', NOW + 10 * MINUTE), undefined);
    assert.equal(existsSync(one.file), false);
  });

  it('without a name are for nobody else, and gone as well', () => {
    const [passing, image] = [new PassingImages(), imagesIn(freshFolder())];
    const one = image(MIB);
    passing.add(null, one, NOW);
    assert.equal(passing.find('', NOW), undefined);
    passing.sweep(NOW + 11 * MINUTE);
    assert.equal(existsSync(one.file), false);
  });

  it('of a name that comes again: the new one is found, and the old one takes nothing of it along', () => {
    const [passing, image] = [new PassingImages(), imagesIn(freshFolder())];
    const [old, fresh] = [image(MIB), image(MIB)];
    passing.add('one', old, NOW);
    passing.add('one', fresh, NOW + 5 * MINUTE);
    assert.equal(passing.find('one', NOW + 11 * MINUTE)?.id, fresh.id);
    assert.deepEqual([existsSync(old.file), existsSync(fresh.file)], [false, true]);
  });

  it('past 64 MiB, the oldest go, and one that is larger by itself stays alone', () => {
    const [passing, image] = [new PassingImages(), imagesIn(freshFolder())];
    const three = [image(30 * MIB), image(30 * MIB), image(30 * MIB)];
    for (const [index, one] of three.entries()) passing.add(`${index}`, one, NOW + index);
    assert.deepEqual(
      three.map(({ file }) => existsSync(file)),
      [false, true, true],
    );
    const huge = image(64 * MIB + 1);
    passing.add('huge', huge, NOW + 10);
    assert.deepEqual(
      [...three, huge].map(({ file }) => existsSync(file)),
      [false, false, false, true],
    );
    assert.equal(passing.find('huge', NOW + 11)?.id, huge.id);
  });
});
