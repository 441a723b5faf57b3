// Tests what a device makes of an image before it boots it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkImage } from '../../src/device/image-check.ts';
import { appImage, mergedImage } from './image.ts';

test('a whole image is valid, and says what it is', () => {
  const image = appImage({ version: '2.2.4', project: 'xiaozhi-x' });
  assert.deepEqual(checkImage(image, 'esp32s3'), {
    image: 'valid',
    version: '2.2.4',
    project: 'xiaozhi-x',
    elfSha256: 'e1'.repeat(32),
    bytes: image.length,
  });
});

test('without an appended SHA-256 the checksum alone decides', () => {
  assert.equal(checkImage(appImage({ hashed: false }), 'esp32s3').image, 'valid');
});

test('bytes after the image are not looked at', () => {
  const image = appImage();
  const verdict = checkImage(Buffer.concat([image, Buffer.alloc(4096, 0xaa)]), 'esp32s3');
  assert.equal(verdict.image === 'valid' && verdict.bytes, image.length);
});

function changed(at: number, byte: number, image = appImage()): Buffer {
  image[at] = byte;
  return image;
}
function twice(at: number, image = appImage({ hashed: false })): Buffer {
  // The same bit in two bytes: the XOR checksum cannot see it.
  image.writeUInt8(image.readUInt8(at) ^ 1, at);
  image.writeUInt8(image.readUInt8(at + 1) ^ 1, at + 1);
  return image;
}

const INVALID: [string, Buffer, RegExp][] = [
  ['a wrong magic byte', changed(0, 0xe8), /magic/],
  ['an image for another chip', appImage({ chipId: 5 }), /chip id is 5/],
  ['no segments', changed(1, 0), /segment count/],
  ['17 segments', changed(1, 17), /segment count/],
  ['one segment too many', changed(1, 3), /checksum|segment/],
  ['a segment length that is no multiple of 4', changed(28, 0x01), /length 257/],
  ['a segment of 16 MB', changed(31, 0x01), /segment 0 has length/],
  ['a segment past the end', changed(30, 0x10), /within segment 0/],
  ['a flipped bit in the data', changed(700, 0x00), /checksum/],
  ['two flipped bits that the checksum cannot see', twice(700, appImage()), /Image hash failed/],
  ['a wrong SHA-256', changed(appImage().length - 1, 0, appImage()), /Image hash failed/],
  ['an image cut within its SHA-256', appImage().subarray(0, -1), /before its SHA-256/],
  ['an image cut within a segment', appImage().subarray(0, 2000), /within segment/],
  ['a merged image', mergedImage(), /no app description/],
  ['nothing', Buffer.alloc(0), /only 0 bytes/],
];
for (const [what, image, because] of INVALID) {
  test(`refuses ${what}`, () => {
    const verdict = checkImage(image, 'esp32s3');
    assert.equal(verdict.image, 'invalid');
    assert.match(verdict.image === 'invalid' ? verdict.because : '', because);
  });
}

test('what the checksum cannot see passes where no SHA-256 is appended', () => {
  assert.equal(checkImage(twice(700), 'esp32s3').image, 'valid');
});

test('an image is for one chip', () => {
  assert.equal(checkImage(appImage({ chipId: 0 }), 'esp32').image, 'valid');
  assert.equal(checkImage(appImage({ chipId: 5 }), 'esp32c3').image, 'valid');
  assert.equal(checkImage(appImage({ chipId: 9 }), 'esp32').image, 'invalid');
});
