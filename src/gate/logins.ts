// Owns the check of names and passwords (basicAuth): hashes compared off the main thread, and guessing made slow.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import aprMd5 from 'apache-md5';
import { compare } from 'bcrypt';
import { LRUCache } from 'lru-cache';
import type { RouteConfig } from '../config/config.ts';

type BasicAuth = NonNullable<RouteConfig['basicAuth']>;

export type LoginVerdict = 'in' | 'login-missing' | 'login-wrong' | 'login-too-often';

// Wrong passwords from one client in a minute: more is no typing.
const MAX_WRONG = 10;
const WRONG_WITHIN_MS = 60_000;
const MAX_CLIENTS = 10_000;
// A password that was right is not hashed again for each of a page's files.
const PROVEN_MS = 10 * 60_000;
const MAX_PROVEN = 1_000;
// bcrypt takes a thread of four for a tenth of a second; the others read firmware.
const MAX_AT_ONCE = 2;
const MAX_WAITING = 32;
// Where a file has no name any more. Else one of its own hashes is compared: a name that is not there takes as long as one
// that is, whatever the rounds.
const NOBODY = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8/Wc6sBx6C3tDyKe3Zk0dQx3fQd1bK';

export class Logins {
  readonly #key = randomBytes(32);
  readonly #proven = new LRUCache<string, true>({ max: MAX_PROVEN, ttl: PROVEN_MS });
  readonly #wrong = new LRUCache<string, number>({ max: MAX_CLIENTS, ttl: WRONG_WITHIN_MS, noUpdateTTL: true });
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Whether an Authorization header opens a route. `client` is the address that wrong ones are counted for. */
  async judge(authorization: string | undefined, { logins }: BasicAuth, client: string): Promise<LoginVerdict> {
    const given = readBasic(authorization);
    if (given === null) return 'login-missing';
    const hash = logins.find(({ user }) => user === given.user)?.hash;
    // With the hash in it: a password that was changed is proven anew.
    const proof = createHmac('sha256', this.#key)
      .update(JSON.stringify([given.user, given.password, hash ?? '']))
      .digest('base64');
    if (this.#proven.has(proof)) return 'in';
    const who = neighbourhood(client);
    if ((this.#wrong.get(who) ?? 0) >= MAX_WRONG) return 'login-too-often';
    if (!(await this.#turn())) return 'login-too-often';
    try {
      const fits = await isPassword(given.password, hash ?? logins[0]?.hash ?? NOBODY);
      if (fits && hash !== undefined) {
        this.#proven.set(proof, true);
        return 'in';
      }
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
    this.#wrong.set(who, (this.#wrong.get(who) ?? 0) + 1);
    return 'login-wrong';
  }

  /** Waits for a thread; false where too many wait already. */
  async #turn(): Promise<boolean> {
    if (this.#running >= MAX_AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    return true;
  }
}

/** RFC 7617, in UTF-8. */
export function readBasic(authorization: string | undefined): { user: string; password: string } | null {
  const token = /^basic +([A-Za-z0-9+/=_-]{1,1000})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return null;
  const text = Buffer.from(token, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function isPassword(password: string, hash: string): Promise<boolean> {
  if (!hash.startsWith('$apr1$')) return compare(password, hash.replace(/^\$2y\$/, '$2b$'));
  const made = Buffer.from(apacheMd5(password, hash));
  const kept = Buffer.from(hash);
  return made.length === kept.length && timingSafeEqual(made, kept);
}

// Its types speak of an ES module, which it is not.
const apacheMd5 = aprMd5 as unknown as (password: string, salt: string) => string;

/** An IPv6 client has 2^64 addresses to come from. */
function neighbourhood(client: string): string {
  if (!client.includes(':')) return client;
  const [head = '', tail = ''] = client.split('::');
  const groups = client.includes('::')
    ? [...head.split(':'), ...Array(8).fill('0'), ...tail.split(':')]
    : head.split(':');
  return groups.slice(0, 4).join(':');
}
