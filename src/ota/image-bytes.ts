// Owns what is read from the bytes of images: words, texts, and the sums that they carry.
import { printable } from '../base/printable.ts';

/** Little-endian; 0 where the bytes end before it. */
export function wordAt(bytes: Uint8Array, offset: number): number {
  if (offset + 4 > bytes.length) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}

/** A field of text, cut at its first zero byte; what could drive a terminal is escaped. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length);
  const end = field.indexOf(0);
  return printable(field.toString('latin1', 0, end < 0 ? length : end));
}

export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

// Sums are taken by words, in loops that count: firmware has megabytes, other requests wait meanwhile, and `for … of` over
// a typed array costs four times as much.

/** XOR of all bytes, from 0 to 255. */
export function xorOfBytes(bytes: Uint8Array): number {
  const { before, words, after } = inWords(bytes);
  let xor = 0;
  for (let index = 0; index < words.length; index += 1) xor ^= words[index] ?? 0;
  xor ^= xor >>> 16;
  xor ^= xor >>> 8;
  for (const byte of before) xor ^= byte;
  for (const byte of after) xor ^= byte;
  return xor & 0xff;
}

// A word adds at most 510 to each of two lanes of 16 bits, so a lane holds 128 words.
const WORDS_IN_LANE = 128;

/** Sum of all bytes modulo 65,536. */
export function sumOfBytes(bytes: Uint8Array): number {
  const { before, words, after } = inWords(bytes);
  let sum = 0;
  for (let start = 0; start < words.length; start += WORDS_IN_LANE) {
    const end = Math.min(start + WORDS_IN_LANE, words.length);
    let lanes = 0;
    for (let index = start; index < end; index += 1) {
      const word = words[index] ?? 0;
      lanes = (lanes + (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff)) | 0;
    }
    sum += (lanes & 0xffff) + (lanes >>> 16);
  }
  for (const byte of before) sum += byte;
  for (const byte of after) sum += byte;
  return sum & 0xffff;
}

/** Words begin at a multiple of 4 in memory; where they begin in the file is the same to a sum. */
function inWords(bytes: Uint8Array): { before: Uint8Array; words: Int32Array; after: Uint8Array } {
  const first = Math.min(-bytes.byteOffset & 3, bytes.length);
  const count = (bytes.length - first) >> 2;
  return {
    before: bytes.subarray(0, first),
    words: new Int32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + first, count),
    after: bytes.subarray(first + count * 4),
  };
}
