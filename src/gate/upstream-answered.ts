// Owns the question what an exchange says of its upstream: that it answers, that it does not, or nothing.
import type { ErrorCode } from '../base/errors.ts';
import type { Story } from './exchange.ts';

// It could not be reached, or said nothing that can be used.
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_CONNECT',
  'UPSTREAM_REPLY',
  'UPSTREAM_RESET',
  'UPSTREAM_STATUS',
  'UPSTREAM_TIMEOUT',
]);
const BAD_GATEWAY: ReadonlySet<number> = new Set([502, 503, 504]);
// Of an image, how it was come by: in these cases the upstream was asked about it just now.
const ASKED: ReadonlySet<string> = new Set(['miss', 'bypass', 'revalidated']);

/**
 * Null where it was not asked, as for an image that is here, and where the gate or the client ended it: a process without
 * descriptors, a body that is too large, somebody who left.
 */
export function upstreamAnswered({
  status,
  upstreamMs,
  code,
  cache,
}: Pick<Story, 'status' | 'upstreamMs' | 'code' | 'cache'>): boolean | null {
  if (upstreamMs !== null) return !BAD_GATEWAY.has(status);
  if (code !== null && NO_ANSWER.has(code)) return false;
  return cache !== null && ASKED.has(cache) ? true : null;
}
