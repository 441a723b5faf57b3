// Owns the rates of requests: by address on routes that are not for devices, by device on those that are.
import type { Decision } from '../policy/decide.ts';
import type { Facts } from '../policy/facts.ts';
import type { Live } from './live.ts';
import { countedAddress, standingOf } from './standing.ts';

// A page asks for a hundred files at once, and then for none.
const WINDOW_MS = 10_000;
const WINDOW_SECONDS = WINDOW_MS / 1_000;
// Past so many in one window, further ones are not counted: no single one of them would be worth it.
const MAX_COUNTED = 20_000;

export type Excess = { because: 'address-too-often' | 'device-too-often'; retryAfterSeconds: number };

type Asking = { decision: Decision; facts: Facts; live: Live; device: string | null };

export class Rates {
  readonly #counts = new Map<string, number>();
  #endsMs = 0;

  /** Counts a request; says why it is one too many, or null. `nowMs` is of a clock that never goes back. */
  judge({ decision, facts, live, device }: Asking, nowMs: number): Excess | null {
    if (nowMs >= this.#endsMs) {
      this.#counts.clear();
      this.#endsMs = nowMs + WINDOW_MS;
    }
    // One download is one download, whatever its number of ranges: pace is its bound. A CA must always be answered.
    if (decision.action === 'firmware' || decision.action === 'challenge') return null;
    const { addressRequestsPerSecond, deviceRequestsPerSecond } = live.limits;
    if (device !== null && isForDevices(decision)) {
      // With its address: a stranger who claims to be this device must not silence it.
      if (this.#spend(`${device} ${facts.client}`, deviceRequestsPerSecond)) return null;
      return this.#excess('device-too-often', nowMs);
    }
    if (standingOf(facts.client, live) !== 'stranger') return null;
    if (this.#spend(countedAddress(facts.client), addressRequestsPerSecond)) return null;
    return this.#excess('address-too-often', nowMs);
  }

  #spend(key: string, perSecond: number): boolean {
    const spent = this.#counts.get(key);
    if (spent === undefined && this.#counts.size >= MAX_COUNTED) return true;
    this.#counts.set(key, (spent ?? 0) + 1);
    return (spent ?? 0) < perSecond * WINDOW_SECONDS;
  }

  #excess(because: Excess['because'], nowMs: number): Excess {
    return { because, retryAfterSeconds: Math.max(1, Math.ceil((this.#endsMs - nowMs) / 1_000)) };
  }
}

function isForDevices(decision: Decision): boolean {
  if (decision.action === 'ota-check') return true;
  if (decision.action === 'refuse') return decision.status === 426; // says that this is a route for devices
  return decision.action === 'relay' && decision.route.role !== 'web';
}
