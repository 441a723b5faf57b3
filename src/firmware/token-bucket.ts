// Owns one token bucket that many share, and the turns by which they share it: each asker gets a moment of its own to
// come back at, so that none overtakes another, none sleeps too long, and nobody but the askers needs a timer.

/** A rate, made ready for asking. A bucket holds none, so that a new rate holds for what runs at once. */
export type Flow = {
  bytesPerMs: number;
  /** As much unused time as the bucket keeps: a late timer is made up for, a long silence is not. */
  burstMs: number;
  /** The bytes of one turn, where the askers are few. */
  portionBytes: number;
};

/** An asker's place in the line; `forMs` is 0 where it has none. Kept by the asker, written by the bucket alone. */
export type Turn = { atMs: number; forMs: number };

/**
 * All turns that are given out end within about this time, however many askers there are. A turn that is missed costs
 * one round more, and both are to be over before a device that has got no byte for 5 s gives up.
 */
export const ROUND_MS = 2_000;

// Sums of fractions of a millisecond are not exact; a microsecond is less than any timer can tell.
const SLACK_MS = 0.001;

/**
 * Turns give the order, what was really spent gives the amount: at most `burstMs` of the rate, and one portion, go out at
 * once, whatever the clock and the askers do. A turn is a span of time, not a number of bytes: when the rate changes, the
 * line is as long as before.
 */
export class TokenBucket {
  /** Up to this moment, time has been turned into bytes that were sent. In the future: a debt. */
  #spentMs = -Infinity;
  /** Where the line ends: the next turn begins here. */
  #endMs = -Infinity;
  /** All turns that were given out and not used yet, late ones with them. */
  #promisedMs = 0;

  /**
   * The moment at which `turn` may be used for `bytes`; not after `nowMs` means now. Gives the asker a turn where it has
   * none; it keeps one until `use` or `giveBack`. `sharers` is how many like this one there may be.
   */
  readyAt(turn: Turn, bytes: number, sharers: number, nowMs: number, flow: Flow): number {
    if (turn.forMs === 0) this.#book(turn, bytes, sharers, nowMs, flow);
    const readyMs = Math.max(turn.atMs, this.#spentMs);
    if (readyMs <= nowMs + SLACK_MS) return nowMs;
    // Where many missed their turns at once (the process stood still), all of them would come back for the same moment,
    // again and again: so who comes very late, and finds the bucket empty, joins the end of the line.
    if (turn.atMs + flow.burstMs >= nowMs) return readyMs;
    this.#drop(turn);
    this.#book(turn, bytes, sharers, nowMs, flow);
    return turn.atMs <= nowMs + SLACK_MS ? nowMs : turn.atMs;
  }

  /** Spends `bytes` now, and the turn with them. */
  use(turn: Turn, bytes: number, nowMs: number, flow: Flow): void {
    this.#drop(turn);
    this.force(bytes, nowMs, flow);
  }

  /**
   * Spends `bytes` without a turn, out of what is to come. No more than a round can be owed: past that it is forgiven,
   * for a debt without a bound would starve those who are left when most have gone.
   */
  force(bytes: number, nowMs: number, flow: Flow): void {
    this.#spentMs = Math.min(this.#sinceMs(nowMs, flow) + bytes / flow.bytesPerMs, nowMs + ROUND_MS);
  }

  /**
   * Gives a turn back. The line gets shorter by it for those who join from now on: else a client that comes and goes,
   * again and again, would make a line of nobody.
   */
  giveBack(turn: Turn, nowMs: number): void {
    if (turn.atMs > nowMs) this.#endMs -= turn.forMs;
    this.#drop(turn);
  }

  #drop(turn: Turn): void {
    this.#promisedMs -= turn.forMs;
    turn.forMs = 0;
  }

  #book(turn: Turn, bytes: number, sharers: number, nowMs: number, flow: Flow): void {
    turn.forMs = Math.min(bytes / flow.bytesPerMs, ROUND_MS / sharers);
    // Where the line has run out, there may be late ones all the same, and what is left over is theirs first.
    const owedMs = Math.min(this.#promisedMs, flow.burstMs);
    turn.atMs = Math.max(this.#endMs, this.#sinceMs(nowMs, flow) + owedMs);
    this.#endMs = turn.atMs + turn.forMs;
    this.#promisedMs += turn.forMs;
  }

  #sinceMs(nowMs: number, flow: Flow): number {
    return Math.max(this.#spentMs, nowMs - flow.burstMs);
  }
}
