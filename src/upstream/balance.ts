// Owns who of an upstream's servers is asked: what requests and looks have shown of each, and how many run there. Pure
// but for what it keeps.
import { hash } from 'node:crypto';
import type { UpstreamConfig } from '../config/upstream-config.ts';

// How long a server that failed is asked last: twice as long with each further failure, until it answers.
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** `turn` is that of the last request: it only grows. */
type Standing = { running: number; failures: number; lastUntilMs: number; turn: number };

export type Choice = {
  /** At least one. */
  origins: readonly string[];
  balance: UpstreamConfig['balance'];
  /** Whoever shall come to the same server again; null where that does not matter. */
  sticky: string | null;
  /** Those that have failed this request already. */
  tried: ReadonlySet<string>;
  /** Of a clock that nobody sets: a pause must not last as long as the machine's was wrong. */
  nowMs: number;
};

export class Balance {
  readonly #standing = new Map<string, Standing>();
  #down: ReadonlySet<string> = new Set();
  #turn = 0;

  /**
   * The server to ask, or null where all were tried. Those that are not well are asked only where no other is left.
   * Of equals the one that was asked longest ago is taken, so that requests one after the other go round.
   */
  choose({ origins, balance, sticky, tried, nowMs }: Choice): string | null {
    const left = origins.filter((origin) => !tried.has(origin));
    const well = left.filter((origin) => this.isWell(origin, nowMs));
    const among = well.length > 0 ? well : left;
    const [first] = among;
    if (first === undefined) return null;
    if (sticky !== null) return highest(among, (origin) => rendezvous(sticky, origin));
    return balance === 'first' ? first : this.#leastBusy(among, first);
  }

  isWell(origin: string, nowMs: number): boolean {
    return !this.#down.has(origin) && nowMs >= (this.#standing.get(origin)?.lastUntilMs ?? 0);
  }

  /** A request begins there; what it gives back is called once when it is over. */
  begin(origin: string): () => void {
    const standing = this.#of(origin);
    standing.running += 1;
    this.#turn += 1;
    standing.turn = this.#turn;
    return () => {
      standing.running -= 1;
    };
  }

  /** The server could not be reached, or did not answer. */
  failed(origin: string, nowMs: number): void {
    const standing = this.#of(origin);
    // Requests that ran at the same time fail together: that is one failure.
    if (nowMs < standing.lastUntilMs) return;
    standing.failures += 1;
    standing.lastUntilMs = nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (standing.failures - 1));
  }

  /** The server answered. */
  answered(origin: string): void {
    const standing = this.#standing.get(origin);
    if (standing === undefined || standing.failures === 0) return;
    standing.failures = 0;
    standing.lastUntilMs = 0;
  }

  /** Those that looks of our own have found not to be well; one that is back begins anew. */
  setDown(origins: readonly string[]): void {
    const down = new Set(origins);
    for (const origin of this.#down) if (!down.has(origin)) this.answered(origin);
    this.#down = down;
  }

  /** Forgets the servers that are configured no longer. */
  keepOnly(origins: ReadonlySet<string>): void {
    for (const origin of this.#standing.keys()) if (!origins.has(origin)) this.#standing.delete(origin);
  }

  #leastBusy(origins: readonly string[], first: string): string {
    let best = first;
    for (const origin of origins) {
      const [one, other] = [this.#of(origin), this.#of(best)];
      if (one.running < other.running || (one.running === other.running && one.turn < other.turn)) best = origin;
    }
    return best;
  }

  #of(origin: string): Standing {
    const known = this.#standing.get(origin);
    if (known !== undefined) return known;
    const standing = { running: 0, failures: 0, lastUntilMs: 0, turn: 0 };
    this.#standing.set(origin, standing);
    return standing;
  }
}

function highest(origins: readonly string[], score: (origin: string) => number): string {
  let [best = ''] = origins;
  for (const origin of origins) if (score(origin) > score(best)) best = origin;
  return best;
}

/** Each pair has a number of its own: where a server goes, only its own devices move (highest random weight). */
function rendezvous(device: string, origin: string): number {
  return Number.parseInt(hash('sha1', `${device} ${origin}`, 'hex').slice(0, 12), 16);
}
