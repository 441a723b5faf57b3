// Owns the sessions of the dashboard: in memory, bounded, each with the token that guards it against forged requests.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Role } from './tokens.ts';

export const SESSION_LIFE_MS = 12 * 3_600_000;
export const MAX_SESSIONS = 1_000;

export class Session {
  readonly role: Role;
  readonly csrf = randomBytes(32).toString('base64url');
  readonly untilMs: number;
  ended = false;

  constructor(role: Role, untilMs: number) {
    this.role = role;
    this.untilMs = untilMs;
  }

  /** Whether this is the token that the session's page was given. */
  guards(csrf: string | undefined): boolean {
    return csrf !== undefined && timingSafeEqual(digest(csrf), digest(this.csrf));
  }
}

export class Sessions {
  /** By the digest of the id: a lookup that takes longer for a longer match then tells nothing. In order of their age. */
  readonly #sessions = new Map<string, Session>();
  readonly #nowMs: Clock;

  constructor(clock: Clock = systemClock) {
    this.#nowMs = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Begins one, and gives the secret that its cookie holds. Past `MAX_SESSIONS` the oldest one ends. */
  begin(role: Role): { id: string; session: Session } {
    const id = randomBytes(32).toString('base64url');
    const session = new Session(role, this.#nowMs() + SESSION_LIFE_MS);
    this.#sessions.set(keyOf(id), session);
    const [oldest] = this.#sessions;
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#end(...oldest);
    return { id, session };
  }

  find(id: string): Session | null {
    const key = keyOf(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return null;
    if (this.isCurrent(session)) return session;
    this.#end(key, session);
    return null;
  }

  isCurrent(session: Session): boolean {
    return !session.ended && this.#nowMs() < session.untilMs;
  }

  end(session: Session): void {
    for (const [key, other] of this.#sessions) if (other === session) this.#end(key, other);
  }

  endAll(): void {
    for (const [key, session] of this.#sessions) this.#end(key, session);
  }

  #end(key: string, session: Session): void {
    session.ended = true;
    this.#sessions.delete(key);
  }
}

function keyOf(id: string): string {
  return digest(id).toString('base64url');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
