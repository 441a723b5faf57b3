// Owns the times of renewal: when a certificate is due, and how long to wait after a failure. Pure.

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export type Validity = { notBeforeMs: number; notAfterMs: number };

/** A window that the CA suggests (RFC 9773 section 4.2). */
export type RenewalWindow = { startMs: number; endMs: number };

/**
 * When to renew: a point in the CA's window, else when a third of the lifetime is left, spread over a tenth of that
 * third. Right for 90 days, 45 days and 160 hours alike. `jitter` is from 0 to 1, and should stay the same for one
 * certificate, so that the time does not move from one look to the next.
 */
export function renewalDueMs(validity: Validity, window: RenewalWindow | null, jitter: number): number {
  const third = (validity.notAfterMs - validity.notBeforeMs) / 3;
  if (window !== null && window.endMs >= window.startMs) {
    // A window past the end would let the certificate expire: half of the last third stays for tries that fail.
    return Math.min(window.startMs + jitter * (window.endMs - window.startMs), validity.notAfterMs - third / 2);
  }
  return validity.notAfterMs - third - (jitter * third) / 10;
}

/**
 * How long to wait after the nth failure in a row: from a minute, doubling to a day, with a fifth of jitter; never
 * shorter than the CA's Retry-After, which is believed up to a week.
 */
export function retryPauseMs(failures: number, retryAfterMs: number | null, jitter: number): number {
  const doubled = Math.min(DAY_MS, MINUTE_MS * 2 ** Math.min(Math.max(failures, 1) - 1, 20));
  const pause = doubled * (1 + 0.2 * jitter);
  return Math.max(pause, Math.min(retryAfterMs ?? 0, 7 * DAY_MS));
}
