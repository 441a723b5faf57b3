// Owns the Cache-Status field of firmware: how a download was answered, in the words of RFC 9211.

export type ServedHow =
  /** Answered from what is stored. `ttlSeconds`: how long the link is still taken as fresh. */
  | { kind: 'hit'; from: 'memory' | 'disk'; ttlSeconds?: number }
  /** Nothing was stored under this link: fetched and stored; `collapsed` where others shared the fetch from its start. */
  | { kind: 'miss'; collapsed: boolean }
  /** Joined a fetch that was already under way. */
  | { kind: 'filling' }
  /** The upstream said 304 to what is stored. */
  | { kind: 'revalidated' }
  /** What is stored is past its time, and the upstream could not be asked. */
  | { kind: 'stale'; why: 'error'; ttlSeconds?: number }
  /** Passed through: too large for the store, or not to be stored. */
  | { kind: 'bypass' };

const NAME = 'otagate';

/**
 * The text of Cache-Status (RFC 9211 section 2). The parameter `key` is left out on purpose: section 6 warns that it
 * helps an attacker, and a one-time link would be readable in it.
 */
export function cacheStatus(how: ServedHow): string {
  return [NAME, ...parameters(how)].join('; ');
}

function parameters(how: ServedHow): string[] {
  switch (how.kind) {
    case 'hit': // sections 2.1, 2.4, 2.8
      return ['hit', ...ttl(how.ttlSeconds), `detail=${how.from}`];
    case 'miss':
      // Section 2.6: `collapsed=?0` would say that sharing was tried in vain, so a fetch of one's own says nothing.
      return ['fwd=uri-miss', ...(how.collapsed ? ['collapsed'] : []), 'stored'];
    case 'filling':
      // Section 2.2: not uri-miss, since the beginning of an answer to this URI is there already. Who stores it is the
      // request that began.
      return ['fwd=miss', 'collapsed'];
    case 'revalidated': // section 2.3
      return ['fwd=stale', 'fwd-status=304'];
    case 'stale':
      // Section 2.1 counts a stale answer as a hit where the origin is not available; fwd without fwd-status would say
      // that the upstream itself had answered 200 (section 2.3).
      return ['hit', ...ttl(how.ttlSeconds), `detail=upstream-${how.why}`];
    case 'bypass': // section 2.2
      return ['fwd=bypass'];
  }
}

/** Section 2.4: whole seconds, below zero where the time is over; a structured integer has 15 digits (RFC 8941). */
function ttl(seconds: number | undefined): string[] {
  if (seconds === undefined) return [];
  const whole = Math.floor(seconds);
  return Math.abs(whole) < 1e15 ? [`ttl=${whole}`] : [];
}
