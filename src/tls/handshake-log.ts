// Owns telling of failed handshakes without flooding the log: so many lines a minute, and a count of the rest.
import { LRUCache } from 'lru-cache';
import { errorCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { describeTlsError, type TlsFailure } from './alert-words.ts';

export type HandshakeLimits = {
  /** Lines a minute in all. */
  perMinute: number;
  /** Lines a minute for one reason from one network. */
  perPeer: number;
  /** Pairs of reason and network that are remembered within a minute. */
  maxPeers: number;
};

const LIMITS: HandshakeLimits = { perMinute: 30, perPeer: 2, maxPeers: 1000 };
const WINDOW_MS = 60_000;
// OpenSSL knows hundreds of reasons; a summary that names a few is enough.
const MAX_REASONS = 20;

const LEVELS = { certificate: 'warn', agreement: 'info', noise: 'debug' } as const satisfies Record<
  TlsFailure['about'],
  string
>;

export class HandshakeLog {
  readonly #log: Log;
  readonly #limits: HandshakeLimits;
  /** Lines written in this minute, by reason and network. */
  readonly #peers: LRUCache<string, number>;
  #written = 0;
  #left = new Map<string, number>();
  #window: NodeJS.Timeout | undefined;

  constructor(log: Log, limits: Partial<HandshakeLimits> = {}) {
    this.#log = log;
    this.#limits = { ...LIMITS, ...limits };
    this.#peers = new LRUCache({ max: this.#limits.maxPeers });
  }

  /** Tells of a handshake that failed, or counts it. Never throws. */
  failed(error: unknown, remoteAddress: string | undefined): void {
    const failure = describeTlsError(error);
    const level = LEVELS[failure.about];
    // What nobody would see must not use up the lines of what matters.
    if (!this.#log.isLevelEnabled(level)) return;
    const client = normaliseAddress(remoteAddress);
    const { reason, words, hint } = failure;
    if (!this.#mayWrite(`${reason} ${networkOf(client)}`)) {
      this.#leaveOut(reason);
      return;
    }
    this.#log[level](
      { event: 'handshake-failed', client, reason, code: errorCode(error), ...(hint !== undefined && { hint }) },
      `TLS handshake failed: ${words}`,
    );
  }

  /** Writes the summary of what was left out so far. For the end of the process. */
  close(): void {
    clearTimeout(this.#window);
    this.#endWindow();
  }

  #mayWrite(peer: string): boolean {
    // The minute begins with its first failure; the timer ends it, so that the summary comes without a further one.
    this.#window ??= setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    const before = this.#peers.get(peer) ?? 0;
    if (this.#written >= this.#limits.perMinute || before >= this.#limits.perPeer) return false;
    this.#written += 1;
    this.#peers.set(peer, before + 1);
    return true;
  }

  #leaveOut(reason: string): void {
    const name = this.#left.has(reason) || this.#left.size < MAX_REASONS ? reason : 'other';
    this.#left.set(name, (this.#left.get(name) ?? 0) + 1);
  }

  #endWindow(): void {
    const left = [...this.#left].sort(([, a], [, b]) => b - a);
    this.#window = undefined;
    this.#written = 0;
    this.#left = new Map();
    this.#peers.clear();
    const count = left.reduce((sum, [, number]) => sum + number, 0);
    if (count === 0) return;
    const reasons = left.map(([reason, number]) => `${reason} ${number}`).join(', ');
    this.#log.warn({ event: 'handshakes-left-out', count, reasons }, `${count} more TLS handshakes failed: ${reasons}`);
  }
}

/** The network that one household or one scanner is likely to have: IPv4 /24, IPv6 /64. Takes normalised addresses. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address.split('.').slice(0, 3).join('.');
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...(tail === undefined ? [] : zeros), ...right].slice(0, 4).join(':');
}
