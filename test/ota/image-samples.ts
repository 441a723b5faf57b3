// Files of firmware for the tests, beyond what the demo's builder makes: signed ones, assets, damaged ones.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type ImageVerdict, ImageVerifier } from '../../src/ota/image-verifier.ts';

export function verify(file: Uint8Array, chunkBytes = 65_536, length: number | null = file.length): ImageVerdict {
  const verifier = new ImageVerifier(length);
  // One buffer for all chunks, as a reader has it: what the verifier wants to keep, it has to copy.
  const buffer = Buffer.alloc(Math.min(chunkBytes, file.length));
  for (let at = 0; at < file.length; at += chunkBytes) {
    const part = file.subarray(at, at + chunkBytes);
    buffer.set(part);
    verifier.update(buffer.subarray(0, part.length));
    buffer.fill(0x77);
  }
  return verifier.finish();
}

/** The verdict in short: its kind, or what is wrong. */
export function outcome(file: Uint8Array, length: number | null = file.length): string {
  const verdict = verify(file, file.length || 1, length);
  return verdict.ok ? verdict.kind : verdict.what;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A copy with one bit flipped. */
export function flipped(file: Buffer, at: number, bit = 0): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
  return copy;
}

export function withWord(file: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32LE(value, at);
  return copy;
}

export function withByte(file: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt8(value, at);
  return copy;
}

/** Numbers in [0, limit) that are the same in every run (xorshift). */
export function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

export function noise(seed: number, length: number): Buffer {
  const next = dice(seed);
  return Buffer.from(Uint8Array.from({ length }, () => next(256)));
}

/** An app whose segments have these lengths; its first one carries the description of `app`. */
export function appOfSegments(app: Buffer, lengths: readonly number[]): Buffer {
  const header = withByte(app.subarray(0, 24), 1, lengths.length);
  const segments = lengths.map((length, index) => {
    const data = index === 0 ? Buffer.concat([app.subarray(32)], length) : noise(index, length);
    return { head: withWord(Buffer.alloc(8), 4, length), data };
  });
  const body = Buffer.concat([header, ...segments.flatMap(({ head, data }) => [head, data])]);
  const checksum = segments.reduce((xor, { data }) => data.reduce((sum, byte) => sum ^ byte, xor), 0xef);
  const image = Buffer.concat([body, Buffer.alloc(15 - (body.length % 16)), Buffer.of(checksum)]);
  return Buffer.concat([image, Buffer.from(sha256(image), 'hex')]);
}

export function signedV1(app: Buffer): Buffer {
  return Buffer.concat([app, Buffer.alloc(4), noise(5, 64)]);
}

export type Scheme = 'rsa' | 'ecdsa' | 'ecdsa-p384';

/** As `espsecure sign_data --version 2` does: padding to 4 KiB, and a sector with up to three blocks. */
export function signedV2(app: Buffer, scheme: Scheme = 'rsa', blocks = 1): Buffer {
  const padded = Buffer.concat([app, Buffer.alloc((4096 - (app.length % 4096)) % 4096, 0xff)]);
  const sector = Buffer.alloc(4096, 0xff);
  for (let index = 0; index < blocks; index += 1) block(padded, scheme, index).copy(sector, index * 1216);
  return Buffer.concat([padded, sector]);
}

function block(signed: Buffer, scheme: Scheme, index: number): Buffer {
  const bytes = Buffer.concat([noise(9 + index, 1196), Buffer.alloc(20)]);
  bytes.set([0xe7, scheme === 'rsa' ? 2 : 3, scheme === 'ecdsa-p384' ? 1 : 0, 0]);
  const hash = scheme === 'ecdsa-p384' ? 'sha384' : 'sha256';
  createHash(hash).update(signed).digest().copy(bytes, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 1196)), 1196);
  return bytes;
}

export type Asset = { name: string; bytes: Buffer };

export const ASSETS: readonly Asset[] = [
  { name: 'font_puhui_common_20_4.bin', bytes: noise(21, 40_001) },
  { name: 'srmodels.bin', bytes: noise(22, 9_999) },
  { name: 'index.json', bytes: Buffer.from('{"version":1,"text_font":"font_puhui_common_20_4.bin"}') },
];

/** As xiaozhi-esp32's scripts/build_default_assets.py packs them. */
export function buildAssets(assets: readonly Asset[] = ASSETS): Buffer {
  const table: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of assets) {
    const entry = Buffer.alloc(44);
    entry.write(name.slice(0, 32), 'utf8');
    entry.writeUInt32LE(bytes.length, 32);
    entry.writeUInt32LE(offset, 36);
    table.push(entry);
    data.push(Buffer.from('ZZ'), bytes);
    offset += 2 + bytes.length;
  }
  const stored = Buffer.concat([...table, ...data]);
  const header = Buffer.alloc(12);
  header.writeUInt32LE(assets.length, 0);
  header.writeUInt32LE(stored.reduce((sum, byte) => sum + byte, 0) & 0xffff, 4);
  header.writeUInt32LE(stored.length, 8);
  return Buffer.concat([header, stored]);
}
