// Owns the question whether the Redis that answers has seen what this machine saw last. A server that was cut off from the
// others, or is behind them, may lose its charge; the one that takes it counts on, and its number comes past ours.
import type { Replica } from '../replica.ts';
import type { Pulled } from './pulled.ts';

const HEARD_EVERY_MS = 10 * 60_000;
// Redis forgets a removal after a week: whoever was away for about so long cannot tell one from a loss.
const SURE_MS = 6 * 86_400_000;
// Changes that Redis refuses, since its own are newer, while it has nothing new to tell.
const MAX_REFUSALS = 2;

export class ForkWatch {
  readonly #replica: Pick<Replica, 'note' | 'setNote' | 'read'>;
  #refusals = 0;

  constructor(replica: Pick<Replica, 'note' | 'setNote' | 'read'>) {
    this.#replica = replica;
  }

  /** The record of the last change that this machine saw; empty where there is none. */
  get last(): string {
    return this.#replica.note('last') ?? '';
  }

  /** This machine has everything up to this change of `name`. */
  saw(seq: number, name: string): void {
    this.#replica.setNote('seq', String(seq));
    this.#replica.setNote('last', name);
  }

  /** `taken` of the changes that were told; `hasHeard`: whether there was anything new in the same round. */
  told(taken: number, hasHeard: boolean): void {
    this.#refusals = taken === 0 && !hasHeard ? this.#refusals + 1 : 0;
  }

  /** Whether the change that was seen last, `seq`, is none of this Redis; asked once for each look. */
  isForked({ lastSeq, nowMs }: Pick<Pulled, 'lastSeq' | 'nowMs'>, seq: number): boolean {
    const awayMs = nowMs - Number(this.#replica.note('heard') ?? 0);
    if (Math.abs(awayMs) > HEARD_EVERY_MS) this.#replica.setNote('heard', String(nowMs));
    if (this.#refusals >= MAX_REFUSALS) {
      this.#refusals = 0;
      return true;
    }
    if (this.last === '') return false;
    if (lastSeq !== null) return lastSeq < seq;
    const isRemoved = (this.#replica.read(this.last)?.value ?? null) === null;
    return !isRemoved && awayMs < SURE_MS;
  }
}
