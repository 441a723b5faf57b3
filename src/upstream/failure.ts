// Owns what a failure of an upstream means: which one, how, and what to look at.
import type { Readable } from 'node:stream';
import { NO_DESCRIPTOR_CODES } from '../base/descriptors.ts';
import { errorCode, errorText, GateError } from '../base/errors.ts';
import { showOrigin } from '../config/unix-origin.ts';
import { NO_CONNECTION_CODES } from './connect-codes.ts';

const CONNECT_CODES = new Set<string>([
  ...NO_CONNECTION_CODES,
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // these two of a Unix socket
  'EACCES',
]);

const TIMEOUT_CODES = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'REPLY_TIMEOUT',
  'IDLE_TIMEOUT',
]);

const NO_HTTP_CODES = new Set([
  'BAD_STATUS',
  'HTTPParserError',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** Says which upstream failed, how, and what to look at. 504 where it was slow, 503 where we could not ask, else 502. */
export function upstreamError(error: unknown, name: string, origin: string): GateError {
  if (error instanceof GateError) return error;
  const reason = errorCode(error instanceof AggregateError ? error.errors[0] : error);
  const shown = showOrigin(origin);
  const facts = { upstream: name, origin: shown, reason };
  const options = { fault: 'upstream', facts, cause: error, retry: true } as const;
  if (NO_DESCRIPTOR_CODES.includes(reason)) {
    const message = `upstream ${name} at ${shown} was not asked: this process may open no more connections (${reason}); raise its limit (LimitNOFILE)`;
    return new GateError('DESCRIPTORS_OUT', message, { ...options, fault: 'gate', status: 503 });
  }
  if (CONNECT_CODES.has(reason)) {
    const message = `upstream ${name} at ${shown} cannot be reached (${reason}): is it running, and does its address in upstreams.${name} hold from here?`;
    return new GateError('UPSTREAM_CONNECT', message, options);
  }
  if (TIMEOUT_CODES.has(reason)) {
    const message = `upstream ${name} at ${shown} did not answer in time (${reason}; see limits.reply and limits.idle)`;
    return new GateError('UPSTREAM_TIMEOUT', message, { ...options, status: 504 });
  }
  if (reason.startsWith('HPE_') || NO_HTTP_CODES.has(reason)) {
    return new GateError(
      'UPSTREAM_REPLY',
      `upstream ${name} at ${shown} answered with something that is no HTTP (${errorText(error)})`,
      options,
    );
  }
  return new GateError('UPSTREAM_RESET', `upstream ${name} at ${shown} broke the connection off (${reason})`, options);
}

/**
 * The status of a reply, which ends here where that is none that could be passed on (RFC 9110 section 15).
 * @throws {Error} with the code BAD_STATUS, for `upstreamError`
 */
export function finalStatus(status: number | undefined, body: Readable | null): number {
  if (status !== undefined && status >= 200 && status <= 999) return status;
  body?.on('error', () => {}).destroy();
  throw Object.assign(new Error(`the status ${status} is none`), { code: 'BAD_STATUS' });
}
