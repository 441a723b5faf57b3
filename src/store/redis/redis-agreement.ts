// Owns leases in Redis: taken in one step, renewed while they are held, and given up as lost before another can have them.
import { machineClock } from '../../base/clock.ts';
import type { Agreement, Lease } from '../agreement.ts';
import { keysOf, leaseKey, setKey } from './keys.ts';
import { type RedisLink, script } from './redis-link.ts';
import { LEAVE_LEASE, RENEW_LEASE, TAKE_LEASE } from './scripts.ts';

const LIFE_MS = 6_000;
// The last twelfth is left alone: clocks run at nearly the same pace, and what runs under a lease has to end in time.
const [RENEWALS, SAFETY] = [4, 1 / 12];
const SET_LIFE_S = 30 * 86_400;

const ADD_AT_ONCE = 1_000;

/** How many sets can wait to be forgotten; past it the oldest stays until its life is over. */
const MAX_STALE = 1_000;

/**
 * Keys: the set. Arguments: member, the most, its life in seconds, 1: a set that is not there is to be told. Reply: 1 in,
 * 0 full, -1 not there.
 */
const ADMIT = script(`
if ARGV[4] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local full = redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 and redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2])
if not full then redis.call('SADD', KEYS[1], ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return full and 0 or 1
`);

/** What it asks of the line to Redis. */
export type AgreementLink = Pick<RedisLink, 'run' | 'runScript'>;

export class RedisAgreement implements Agreement {
  readonly #link: AgreementLink;
  readonly #installation: string;
  readonly #machine: string;
  /** Sets that are over, and that Redis has not forgotten yet, since it was not there. */
  readonly #stale = new Set<string>();

  /** `machine` is this run of this machine: a lease of an earlier run is another's. */
  constructor(link: AgreementLink, installation: string, machine: string) {
    this.#link = link;
    this.#installation = installation;
    this.#machine = machine;
  }

  async lease(name: string, lifeMs = LIFE_MS): Promise<Lease | null> {
    const sureMs = lifeMs * (1 - SAFETY);
    const key = leaseKey(this.#installation, name);
    const { meta } = keysOf(this.#installation);
    // Counted from before the question: it cannot end there before it ends here.
    let sureUntil = machineClock() + sureMs;
    let token: unknown;
    try {
      token = await this.#link.runScript(TAKE_LEASE, [key, meta], [this.#machine, String(lifeMs)]);
    } catch {
      return null;
    }
    if (typeof token !== 'number') return null;
    const holds = `${this.#machine}:${token}`;
    const lost = new AbortController();
    const renew = async (): Promise<void> => {
      const askedMs = machineClock();
      try {
        if ((await this.#link.runScript(RENEW_LEASE, [key], [holds, String(lifeMs)])) === 1)
          sureUntil = askedMs + sureMs;
        else lost.abort();
      } catch {
        // gone: there may be time for another try
      }
      if (machineClock() >= sureUntil) lost.abort();
    };
    const timer = setInterval(() => void renew(), lifeMs / RENEWALS).unref();
    // A renewal that gets no answer must not hide the end.
    const watch = setInterval(() => {
      if (machineClock() >= sureUntil) lost.abort();
    }, lifeMs / 24).unref();
    const end = (): void => {
      clearInterval(timer);
      clearInterval(watch);
    };
    lost.signal.addEventListener('abort', end, { once: true });
    return {
      token,
      lost: lost.signal,
      release: async (restMs = 0) => {
        end();
        await this.#link.runScript(LEAVE_LEASE, [key], [holds, String(Math.ceil(restMs))]).catch(() => {});
      },
    };
  }

  async admit(
    set: string,
    member: string,
    max: number,
    known: () => Promise<string[]> = async () => [],
  ): Promise<'in' | 'full' | 'unknown'> {
    const key = setKey(this.#installation, set);
    const ask = (tell: string): Promise<unknown> =>
      this.#link.runScript(ADMIT, [key], [member, String(max), String(SET_LIFE_S), tell]);
    try {
      // Whoever was in the last one of this name is not in this one.
      if (this.#stale.has(set)) await this.#forget(set);
      let reply = await ask('1');
      if (reply === -1) {
        const members = await known();
        for (let at = 0; at < members.length; at += ADD_AT_ONCE)
          await this.#link.run(['SADD', key, ...members.slice(at, at + ADD_AT_ONCE)]);
        reply = await ask('0');
      }
      return reply === 1 ? 'in' : 'full';
    } catch {
      return 'unknown';
    }
  }

  async forget(set: string): Promise<void> {
    this.#stale.add(set);
    for (const oldest of this.#stale) {
      if (this.#stale.size <= MAX_STALE) break;
      this.#stale.delete(oldest);
    }
    await this.#forget(set).catch(() => {}); // the next one of this name begins with it
  }

  async #forget(set: string): Promise<void> {
    await this.#link.run(['DEL', setKey(this.#installation, set)]);
    this.#stale.delete(set);
  }
}
