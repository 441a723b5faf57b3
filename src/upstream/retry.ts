// Owns the question whether a request may be sent again: what was never sent, always; what was, only where twice is once.
import { errorCode, GateError } from '../base/errors.ts';
import { NO_CONNECTION_CODES } from './connect-codes.ts';

const BEFORE_ANY_BYTE = new Set<string>(NO_CONNECTION_CODES);

/** Whether an error of a client of ours says that the server got nothing of the request. */
export function neverSent(error: unknown): boolean {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return false;
  // The same codes come on a connection that stands, by then from reading or writing.
  if ('syscall' in first) return first.syscall === 'connect' || first.syscall === 'getaddrinfo';
  return BEFORE_ANY_BYTE.has(errorCode(first));
}

/**
 * Whether another server may be asked after this failure. `repeatable`: the request is one that the same server might
 * get twice without harm (RFC 9110 section 9.2.2), and we still have all of it.
 */
export function mayAskAgain(failure: unknown, repeatable: boolean): boolean {
  if (!(failure instanceof GateError) || failure.fault !== 'upstream') return false;
  if (failure.code === 'UPSTREAM_CONNECT' && neverSent(failure.cause)) return true;
  return repeatable && BROKEN.has(failure.code);
}

const BROKEN = new Set(['UPSTREAM_CONNECT', 'UPSTREAM_RESET', 'UPSTREAM_TIMEOUT']);
