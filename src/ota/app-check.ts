// Owns the check of an app image as its bytes come: the walk of ESP-IDF's esp_image_format.c, in memory that does not grow.
import { checkSignature, MAX_SIGNATURE_BYTES, signatureSector } from './app-signature.ts';
import { type AppFacts, endOfImage, HEADER_BYTES, SEGMENT_HEADER_BYTES, segmentLength } from './image.ts';
import { hexByte, xorOfBytes } from './image-bytes.ts';
import { type ImageCheck, type ImageFault, wrongLength } from './image-check.ts';

const CHECKSUM_SEED = 0xef;

type Span = 'header' | 'segment-header' | 'segment' | 'checksum' | 'digest' | 'rest';

export class AppCheck implements ImageCheck {
  readonly marks: number[] = [];
  readonly #facts: AppFacts;
  #span: Span = 'header';
  /** Bytes of this span that are yet to come, and where the next of them stands in the file. */
  #left = HEADER_BYTES;
  #at = 0;
  #segmentsLeft: number;
  #xor = CHECKSUM_SEED;
  /** The bytes of a span that has to be read as a whole. Segments have megabytes and are summed up only. */
  #kept = Buffer.alloc(32);
  #keptBytes = 0;
  #ends = { hashed: 0, end: 0 };
  #checksum = 0;
  #digest = '';
  #fault: ImageFault | null = null;

  /** `facts`: what the head of this image says. */
  constructor(facts: AppFacts) {
    this.#facts = facts;
    this.#segmentsLeft = facts.segments;
  }

  update(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length && this.#fault === null) {
      const part = chunk.subarray(from, from + Math.min(this.#left, chunk.length - from));
      if (this.#span === 'segment') this.#xor ^= xorOfBytes(part);
      else this.#keep(part);
      from += part.length;
      this.#at += part.length;
      this.#left -= part.length;
      if (this.#left === 0) this.#enterNext();
    }
  }

  finish(length: number, digestAt: (offset: number) => Buffer | undefined): ImageFault | null {
    if (this.#fault !== null) return this.#fault;
    if (this.#span !== 'rest') return wrongLength(`at least ${this.#at + this.#left} bytes`, length);
    if (this.#checksum !== this.#xor)
      return { what: 'checksum', expected: hexByte(this.#checksum), found: hexByte(this.#xor) };
    const found = digestAt(this.#ends.hashed)?.toString('hex') ?? 'nothing';
    if (this.#facts.hashAppended && this.#digest !== found) return { what: 'sha256', expected: this.#digest, found };
    return checkSignature(this.#kept.subarray(0, this.#keptBytes), this.#ends.end, length, digestAt);
  }

  /** Keeps what there is room for: of a rest that is longer than any signature, the length alone matters. */
  #keep(part: Uint8Array): void {
    const kept = part.subarray(0, this.#kept.length - this.#keptBytes);
    this.#kept.set(kept, this.#keptBytes);
    this.#keptBytes += kept.length;
  }

  #enterNext(): void {
    if (this.#span === 'header') this.#enter('segment-header', SEGMENT_HEADER_BYTES);
    else if (this.#span === 'segment-header') this.#enterSegment();
    else if (this.#span === 'segment') this.#leaveSegment();
    else if (this.#span === 'checksum') this.#leaveChecksum();
    else this.#enterRest();
  }

  #enterSegment(): void {
    const length = segmentLength(this.#kept, 0);
    if (length === null) {
      const number = this.#facts.segments - this.#segmentsLeft + 1;
      this.#fault = {
        what: 'segments',
        expected: 'lengths that are multiples of 4 and under 16 MiB',
        found: `${this.#kept.readUInt32LE(4)} for segment ${number} of ${this.#facts.segments}`,
      };
      return;
    }
    this.#segmentsLeft -= 1;
    this.#enter('segment', length); // 0 as well: linkers leave empty ones
  }

  #leaveSegment(): void {
    if (this.#segmentsLeft > 0) {
      this.#enter('segment-header', SEGMENT_HEADER_BYTES);
      return;
    }
    this.#ends = endOfImage(this.#at, this.#facts.hashAppended);
    this.marks.push(this.#ends.hashed, signatureSector(this.#ends.end));
    this.#enter('checksum', this.#ends.hashed - this.#at);
  }

  #leaveChecksum(): void {
    this.#checksum = this.#kept[this.#keptBytes - 1] ?? 0;
    if (this.#facts.hashAppended) this.#enter('digest', 32);
    else this.#enterRest();
  }

  /** What follows the image: nothing, or a signature. */
  #enterRest(): void {
    this.#digest = this.#kept.toString('hex', 0, 32);
    this.#kept = Buffer.alloc(MAX_SIGNATURE_BYTES);
    this.#enter('rest', Number.POSITIVE_INFINITY);
  }

  #enter(span: Span, bytes: number): void {
    this.#span = span;
    this.#left = bytes;
    this.#keptBytes = 0;
  }
}
