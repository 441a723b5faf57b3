// Owns sealed firmware links: a token that carries its own meaning, so that any gate can read it without asking.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A key of the state. The id goes into the token, so that older links outlive a rotation. */
export type SealKey = { id: number; key: Uint8Array };

/** What a link says. Every string is shorter than 65,536 bytes; times are milliseconds, kept to the second. */
export type LinkClaims = {
  route: string;
  /** Path and query at the route's upstream, or an absolute URL that `firmware.allow` covers. */
  source: string;
  device: string | null;
  /** What the reply promised: board and version. */
  board: string | null;
  version: string | null;
  /** What the device had reported of itself, so that the image can be judged for it once more (`hardware.ts`). */
  hardware: string | null;
  expiresMs: number;
  /** The opening that permitted plain HTTP when the link was made. */
  opening: { id: string; endsMs: number } | null;
};

export type OpenedSeal = { kind: 'sealed'; claims: LinkClaims } | { kind: 'expired' } | { kind: 'damaged' };

/** Marks a sealed segment in a path: no file name of an upstream begins with it. */
export const SEAL_MARK = '~';

const FORMAT = 2;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = Buffer.from('otagate firmware link 1');

/** Seals claims by AES-256-GCM with the first key. The token is base64url, without the mark. */
export function sealLink(claims: LinkClaims, keys: readonly SealKey[]): string {
  const key = keys[0];
  if (key === undefined) throw new TypeError('no seal key');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.key, nonce);
  cipher.setAAD(PURPOSE);
  const sealed = Buffer.concat([cipher.update(writeClaims(claims)), cipher.final()]);
  return Buffer.concat([Buffer.of(FORMAT, key.id), nonce, sealed, cipher.getAuthTag()]).toString('base64url');
}

/** Opens a token. Never throws: what cannot be opened is `damaged`. */
export function openSeal(token: string, keys: readonly SealKey[], nowMs: number): OpenedSeal {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < 2 + NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== token) return { kind: 'damaged' };
  const key = keys.find((candidate) => candidate.id === bytes[1]);
  if (bytes[0] !== FORMAT || key === undefined) return { kind: 'damaged' };
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(2, 2 + NONCE_BYTES));
    decipher.setAAD(PURPOSE);
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(bytes.subarray(2 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const claims = readClaims(plain);
    return nowMs < claims.expiresMs ? { kind: 'sealed', claims } : { kind: 'expired' };
  } catch {
    return { kind: 'damaged' };
  }
}

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

// Layout: expiry u32 (seconds), seven strings, each behind its length, and, where an opening is named, its end u32. A MAC
// is packed into its six bytes, since every character of a link is one that an old client has to hold.
function writeClaims(claims: LinkClaims): Buffer {
  const device = claims.device ?? '';
  const { route, source, board, version, opening, hardware } = claims;
  const strings = [
    MAC.test(device) ? Buffer.from(`00${device.replaceAll(':', '')}`, 'hex') : Buffer.from(device),
    ...[route, source, board ?? '', version ?? '', opening?.id ?? '', hardware ?? ''].map((text) => Buffer.from(text)),
  ];
  const ends = opening === null ? [] : [fourBytes(opening.endsMs)];
  return Buffer.concat([
    fourBytes(claims.expiresMs),
    ...strings.flatMap((bytes) => [writeLength(bytes.length), bytes]),
    ...ends,
  ]);
}

/** Someone who writes `until: 9999-12-31` means for good: a field of 32 bits ends in 2106, which is as good. */
function fourBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.min(Math.floor(ms / 1000), 0xffff_ffff));
  return bytes;
}

// One byte; or this one, and the length as u16 behind it.
const LONG = 0xff;

function writeLength(length: number): Buffer {
  return length < LONG ? Buffer.of(length) : Buffer.of(LONG, length >> 8, length & 0xff);
}

function readClaims(bytes: Buffer): LinkClaims {
  const strings: Buffer[] = [];
  let offset = 4;
  while (strings.length < 7) {
    const first = bytes.readUInt8(offset);
    const length = first === LONG ? bytes.readUInt16BE(offset + 1) : first;
    offset += first === LONG ? 3 : 1;
    if (offset + length > bytes.length) throw new RangeError('a string ends past the claims');
    strings.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  const [device = Buffer.alloc(0), ...rest] = strings;
  const [route = '', source = '', board = '', version = '', opening = '', hardware = ''] = rest.map((part) =>
    part.toString(),
  );
  return {
    route,
    source,
    device: readDevice(device),
    board: board || null,
    version: version || null,
    hardware: hardware || null,
    expiresMs: bytes.readUInt32BE(0) * 1000,
    opening: opening ? { id: opening, endsMs: bytes.readUInt32BE(offset) * 1000 } : null,
  };
}

function readDevice(bytes: Buffer): string | null {
  if (bytes.length === 7 && bytes[0] === 0) return bytes.toString('hex', 1).replace(/..(?!$)/g, '$&:');
  return bytes.toString() || null;
}
