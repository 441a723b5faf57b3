// Owns the addresses of servers that are named by a name: asked of the system again and again, and all of them used.
import { lookup as systemLookup } from 'node:dns';
import { LRUCache } from 'lru-cache';

type Address = { address: string; family: number };
type Found = { addresses: Address[]; untilMs: number };
type Asked = { all?: boolean | undefined; family?: number | string | undefined };
type Told = (error: NodeJS.ErrnoException | null, addresses: string | Address[], family?: number) => void;

// The system does not say how long an answer holds.
const TTL_MS = 10_000;
// Where the name servers are gone, what was known last is better than nothing.
const STALE_MS = 10 * 60_000;
const MAX_NAMES = 256;

const known = new LRUCache<string, Found>({ max: MAX_NAMES });

/**
 * For the `lookup` option of a connection. Each connection begins with another of the addresses, and goes on to the
 * next where one does not answer; an answer is kept for ten seconds.
 */
export function lookup(name: string, asked: Asked, tell: Told): void {
  const nowMs = performance.now();
  const found = known.get(name);
  if (found !== undefined && nowMs < found.untilMs) {
    process.nextTick(() => answer(found, asked, tell));
    return;
  }
  systemLookup(name, { all: true }, (error, addresses) => {
    if (error === null && addresses.length > 0) {
      const fresh = { addresses, untilMs: performance.now() + TTL_MS };
      known.set(name, fresh);
      answer(fresh, asked, tell);
    } else if (found !== undefined && nowMs < found.untilMs + STALE_MS) answer(found, asked, tell);
    else tell(error ?? Object.assign(new Error(`${name} has no address`), { code: 'ENOTFOUND' }), '');
  });
}

function answer(found: Found, { all, family }: Asked, tell: Told): void {
  const [first, ...rest] = found.addresses;
  if (first === undefined) return;
  const wanted = Number(family) || 0;
  const fitting = found.addresses.filter((each) => wanted === 0 || each.family === wanted);
  const [one = first] = fitting;
  found.addresses = [...rest, first];
  if (all === true) tell(null, fitting.length > 0 ? fitting : [first]);
  else tell(null, one.address, one.family);
}
