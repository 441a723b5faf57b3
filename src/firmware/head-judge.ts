// Owns the judgement of an image's head while it comes: before it, no byte goes to a device.
import { HEAD_BYTES, judgeHead } from '../ota/image.ts';
import { unfit } from './fill-faults.ts';
import type { Partial } from './partial.ts';

export type HeadJudgement = 'open' | 'servable' | 'merged';

export class HeadJudge {
  /** The first bytes of an app, hexadecimal: the hash of its program is in them. */
  appHead: string | null;
  #judgement: HeadJudgement = 'open';
  #bytes = HEAD_BYTES;

  /** `begun`: what somebody has seen of the image already; the judgement itself waits for the bytes in the file. */
  constructor(begun: Buffer = Buffer.alloc(0), length: number | null = null) {
    const isApp = begun.length >= HEAD_BYTES && judgeHead(begun.subarray(0, HEAD_BYTES), length).kind === 'app';
    this.appHead = isApp ? begun.toString('hex', 0, HEAD_BYTES) : null;
  }

  /**
   * Looks once there is enough to see. What stays open to the end is for the verifier to say.
   * @throws {GateError} FIRMWARE_UNFIT for what is no app image
   */
  async look(partial: Partial): Promise<HeadJudgement> {
    const { have, memo } = partial;
    while (this.#judgement === 'open' && have >= Math.min(this.#bytes, memo.length ?? this.#bytes)) {
      const head = await partial.read(0, this.#bytes);
      const verdict = judgeHead(head, memo.length);
      if (verdict.kind === 'unfit') throw unfit(verdict.why);
      if (verdict.kind === 'more') {
        if (have === memo.length) break;
        this.#bytes = verdict.bytes;
        continue;
      }
      if (verdict.kind === 'app') this.appHead = head.toString('hex', 0, HEAD_BYTES);
      this.#judgement = verdict.kind === 'merged' ? 'merged' : 'servable';
    }
    return this.#judgement;
  }
}
