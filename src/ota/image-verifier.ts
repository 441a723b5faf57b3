// Owns the verdict on a whole file of firmware, taken while its bytes come by: a head is kept, the rest only counted.
import { createHash } from 'node:crypto';
import { AppCheck } from './app-check.ts';
import { AssetsCheck } from './assets-image.ts';
import { type AppFacts, HEAD_BYTES, type ImageKind, judgeHead } from './image.ts';
import { type ImageCheck, type ImageFault, wrongLength } from './image-check.ts';

/** `sha256` is of the whole file, in hexadecimal: its address by content. `length` is in bytes. */
export type ImageVerdict =
  | {
      ok: true;
      kind: 'app' | 'merged' | 'assets' | 'other';
      sha256: string;
      length: number;
      facts: AppFacts | null;
    }
  | ({ ok: false } & ImageFault);

export class ImageVerifier {
  readonly #expectedLength: number | null;
  readonly #hash = createHash('sha256');
  readonly #digests = new Map<number, Buffer>();
  #length = 0;
  /** What is known of the head, until it is enough to tell what this is. */
  #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #kind: ImageKind | null = null;
  #check: ImageCheck | null = null;

  /** `expectedLength`: what was promised, in bytes; null where nothing was. */
  constructor(expectedLength: number | null) {
    this.#expectedLength = expectedLength;
  }

  /** The next bytes; they may be overwritten afterwards. */
  update(chunk: Uint8Array): void {
    let rest = chunk;
    while (this.#kind === null && rest.length > 0) {
      const taken = rest.subarray(0, this.#head.length - this.#headBytes);
      this.#head.set(taken, this.#headBytes);
      this.#headBytes += taken.length;
      rest = rest.subarray(taken.length);
      this.#judge(this.#expectedLength);
    }
    this.#check?.update(rest);
    this.#hashUpTo(chunk);
  }

  /** The verdict, once, after the last byte. */
  finish(): ImageVerdict {
    const length = this.#length;
    if (this.#expectedLength !== null && length !== this.#expectedLength)
      return { ok: false, ...wrongLength(`${this.#expectedLength} bytes`, length) };
    const kind = this.#kind ?? this.#judge(length) ?? { kind: 'other' };
    if (kind.kind === 'unfit') return { ok: false, what: 'head', expected: 'the head of an app', found: kind.why };
    const fault = this.#check?.finish(length, (offset) => this.#digests.get(offset)) ?? null;
    if (fault !== null) return { ok: false, ...fault };
    const facts = kind.kind === 'app' ? kind.facts : null;
    return { ok: true, kind: kind.kind, sha256: this.#hash.digest('hex'), length, facts };
  }

  /** Judges by the head that is there; where that is not enough, makes room for more of it. */
  #judge(length: number | null): ImageKind | null {
    const head = this.#head.subarray(0, this.#headBytes);
    const verdict = judgeHead(head, length);
    if (verdict.kind === 'more') {
      if (verdict.bytes > this.#head.length) this.#head = Buffer.concat([head], verdict.bytes);
      return null;
    }
    this.#kind = verdict;
    if (verdict.kind === 'app') this.#check = new AppCheck(verdict.facts);
    if (verdict.kind === 'assets') this.#check = new AssetsCheck(head);
    this.#check?.update(head);
    return verdict;
  }

  /** One hash runs over the whole file; where a check has a mark, its state there is kept. */
  #hashUpTo(chunk: Uint8Array): void {
    const start = this.#length;
    const end = start + chunk.length;
    let at = start;
    for (const mark of this.#check?.marks ?? []) {
      if (mark <= at || mark > end) continue;
      this.#hash.update(chunk.subarray(at - start, mark - start));
      this.#digests.set(mark, this.#hash.copy().digest());
      at = mark;
    }
    this.#hash.update(chunk.subarray(at - start));
    this.#length = end;
  }
}
