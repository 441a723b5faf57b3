// Owns what may follow an app image: the signature of ESP-IDF's secure boot, version 1 or 2. Without the operator's key
// only its form can be checked, and whether it signs these bytes.
import { crc32 } from 'node:zlib';
import { wordAt } from './image-bytes.ts';
import { type ImageFault, wrongLength } from './image-check.ts';

// Version 1 (esp_secure_boot_sig_block_t): a word 0, then the signature.
const V1_BYTES = 68;
// Version 2 (ets_secure_boot_signature_t): up to three blocks in a flash sector of their own.
const SECTOR_BYTES = 4096;
const BLOCK_BYTES = 1216;
const MAX_BLOCKS = 3;
const BLOCK_MAGIC = 0xe7;
const BLOCK_CRC_OFFSET = 1196;
const RSA = 2;
const ECDSA = 3;

/** The longest that can follow an image: padding up to a sector, and the sector. */
export const MAX_SIGNATURE_BYTES = 2 * SECTOR_BYTES;

/** Where the sector of a version 2 signature begins, which is where the signed bytes end. */
export function signatureSector(imageEnd: number): number {
  return Math.ceil(imageEnd / SECTOR_BYTES) * SECTOR_BYTES;
}

/**
 * Judges what follows an image that ends at `imageEnd`. `rest` holds its beginning, MAX_SIGNATURE_BYTES at most.
 * @param length that of the whole file in bytes
 */
export function checkSignature(
  rest: Buffer,
  imageEnd: number,
  length: number,
  digestAt: (offset: number) => Buffer | undefined,
): ImageFault | null {
  if (length === imageEnd) return null;
  const sector = signatureSector(imageEnd);
  if (isV1(rest) && length === imageEnd + V1_BYTES) return null;
  if (length !== sector + SECTOR_BYTES || rest[sector - imageEnd] !== BLOCK_MAGIC)
    return wrongLength(`${imageEnd} bytes, or a secure boot signature behind them`, length);
  const blocks = rest.subarray(sector - imageEnd);
  for (let index = 0; index < MAX_BLOCKS; index += 1) {
    const block = blocks.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    if (index > 0 && block[0] !== BLOCK_MAGIC) break;
    const fault = checkBlock(block, digestAt(sector));
    if (fault !== null) return fault;
  }
  return null;
}

/** The bytes that a signature takes behind an image in flash, where erased or foreign bytes follow; 0 without one. */
export function signatureLength(flash: Buffer, imageEnd: number): number {
  const sector = signatureSector(imageEnd);
  const block = flash.subarray(sector, sector + BLOCK_BYTES);
  if (flash.length >= sector + SECTOR_BYTES && block[0] === BLOCK_MAGIC && crcFault(block) === null)
    return sector + SECTOR_BYTES - imageEnd;
  const rest = flash.subarray(imageEnd, imageEnd + V1_BYTES);
  return isV1(rest) && rest.some((byte) => byte !== 0) ? V1_BYTES : 0;
}

function isV1(rest: Buffer): boolean {
  return rest.length >= V1_BYTES && wordAt(rest, 0) === 0;
}

function checkBlock(block: Buffer, signed: Buffer | undefined): ImageFault | null {
  const scheme = block[1];
  if (scheme !== RSA && scheme !== ECDSA) {
    return { what: 'checksum', expected: 'a signature by RSA (2) or ECDSA (3)', found: `scheme ${scheme}` };
  }
  const fault = crcFault(block);
  // ECDSA with P-384 signs a SHA-384, which nobody here computes: the device does.
  if (fault !== null || (scheme === ECDSA && block[2] === 1)) return fault;
  const digest = block.toString('hex', 4, 36);
  const found = signed?.toString('hex') ?? 'nothing';
  return digest === found ? null : { what: 'sha256', expected: digest, found };
}

function crcFault(block: Buffer): ImageFault | null {
  const expected = wordAt(block, BLOCK_CRC_OFFSET);
  const found = crc32(block.subarray(0, BLOCK_CRC_OFFSET));
  return expected === found
    ? null
    : { what: 'checksum', expected: `${expected.toString(16)} (signature)`, found: found.toString(16) };
}
