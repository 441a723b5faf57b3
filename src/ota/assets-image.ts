// Owns assets.bin: fonts, pictures and wake words for the device's own partition, in the format of xiaozhi-esp32's
// main/assets.cc and scripts/build_default_assets.py (all little-endian):
//   files u32, checksum u32, length u32 of all that follows; a table of 44 bytes a file (name[32], size u32, offset u32,
//   width u16, height u16); then each file behind "ZZ". The checksum is the sum of the bytes after the header, modulo 65,536.
import { sumOfBytes, wordAt } from './image-bytes.ts';
import { type ImageCheck, type ImageFault, wrongLength } from './image-check.ts';

const HEADER_BYTES = 12;
const ENTRY_BYTES = 44;
const NAME_BYTES = 32;
const FILE_MARK = 'ZZ';

type Header = { files: number; checksum: number; stored: number };

function readHeader(head: Uint8Array): Header {
  return { files: wordAt(head, 0), checksum: wordAt(head, 4), stored: wordAt(head, 8) };
}

/**
 * Whether this is the head of an assets.bin. The format has no mark of its own, so its signs are counted; where the
 * length is known one of them may be missing: a cut file, or one with a flipped bit, is to be refused as what it was.
 */
export function isAssetsHead(head: Uint8Array, length: number | null): boolean {
  if (head.length < HEADER_BYTES + ENTRY_BYTES) return false;
  const { files, checksum, stored } = readHeader(head);
  const size = wordAt(head, HEADER_BYTES + NAME_BYTES);
  const table = files * ENTRY_BYTES;
  const signs = [
    isName(head.subarray(HEADER_BYTES, HEADER_BYTES + NAME_BYTES)),
    wordAt(head, HEADER_BYTES + NAME_BYTES + 4) === 0, // the first file comes first
    checksum <= 0xffff,
    files > 0 && table + FILE_MARK.length + size <= Math.max(stored, (length ?? 0) - HEADER_BYTES),
  ];
  if (length !== null) signs.push(HEADER_BYTES + stored === length);
  const missing = signs.filter((sign) => !sign).length;
  return missing <= (length === null ? 0 : 1);
}

/** A name of printable characters, and zeroes after it; one that was cut to fit has none. */
function isName(field: Uint8Array): boolean {
  const zero = field.indexOf(0);
  const end = zero < 0 ? field.length : zero;
  return (
    end > 0 &&
    field.subarray(0, end).every((byte) => byte >= 0x20 && byte !== 0x7f) &&
    field.subarray(end).every((byte) => byte === 0)
  );
}

/** The check of an assets.bin: length and checksum as the device takes them, and that its first file is where it should be. */
export class AssetsCheck implements ImageCheck {
  readonly marks: readonly number[] = [];
  readonly #header: Header;
  readonly #firstFile: number;
  #at = 0;
  #sum = 0;
  #mark = '';

  /** `head`: the beginning of the file, for which isAssetsHead holds. */
  constructor(head: Uint8Array) {
    this.#header = readHeader(head);
    this.#firstFile = HEADER_BYTES + this.#header.files * ENTRY_BYTES;
  }

  update(chunk: Uint8Array): void {
    const part = (start: number, end: number) =>
      chunk.subarray(Math.max(0, start - this.#at), Math.max(0, end - this.#at));
    this.#sum += sumOfBytes(part(HEADER_BYTES, HEADER_BYTES + this.#header.stored));
    this.#mark += Buffer.from(part(this.#firstFile, this.#firstFile + FILE_MARK.length)).toString('latin1');
    this.#at += chunk.length;
  }

  finish(length: number): ImageFault | null {
    const { files, checksum, stored } = this.#header;
    const found = this.#sum & 0xffff;
    if (HEADER_BYTES + stored !== length) return wrongLength(`${HEADER_BYTES + stored} bytes`, length);
    if (found !== checksum) return { what: 'checksum', expected: hexSum(checksum), found: hexSum(found) };
    // The checksum does not cover the header, and a wrong number of files moves every one of them.
    if (this.#mark !== FILE_MARK)
      return {
        what: 'segments',
        expected: `${files} files, the first of them behind the table`,
        found: 'no file there',
      };
    return null;
  }
}

function hexSum(sum: number): string {
  return `0x${sum.toString(16).padStart(4, '0')}`;
}
