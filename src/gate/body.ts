// Owns the reading of whole bodies within a bound.
import { GateError } from '../base/errors.ts';
import type { Limits } from '../config/config.ts';
import type { ClientRequest } from './client.ts';

// R-U-Dead-Yet: a byte now and then keeps a body going for ever. The slowest modems send ten times as fast.
const LEAST_BYTES_PER_SECOND = 500;

export type BodyTimes = Pick<Limits, 'idleMs' | 'bodyMs'>;

/** Whether so many bytes, in so many milliseconds, are too few. */
export function isTooSlow(bytes: number, ms: number, { bodyMs }: Pick<Limits, 'bodyMs'>): boolean {
  return ms > bodyMs + (bytes / LEAST_BYTES_PER_SECOND) * 1_000;
}

export function bodyTimeout(): GateError {
  return new GateError('BODY_TIMEOUT', 'the body of the request stopped coming, or came too slowly (limits.body)', {
    fault: 'client',
    status: 408,
  });
}

/**
 * Reads a request's body whole.
 * @throws {GateError} BODY_TOO_LARGE past `maxBytes`, BODY_TIMEOUT after `idleMs` without a byte or where it comes too slowly, CLIENT_GONE, and
 * METHOD_NOT_ALLOWED (501) for a transfer coding that would go upstream undone
 */
export function readBody(request: ClientRequest, maxBytes: number, times: BodyTimes): Promise<Buffer> {
  const coding = unknownCoding(request);
  if (coding !== null) return Promise.reject(coding);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const startedMs = performance.now();
    const late = (): void => {
      settle();
      reject(bodyTimeout());
    };
    const timer = setTimeout(late, Math.min(times.idleMs, times.bodyMs));
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      timer.refresh();
      if (bytes > maxBytes) {
        settle();
        reject(tooLarge(maxBytes));
      } else if (isTooSlow(bytes, performance.now() - startedMs, times)) late();
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      settle();
      resolve(Buffer.concat(chunks));
    };
    const onClose = (): void => {
      settle();
      reject(
        new GateError('CLIENT_GONE', 'the client left before its request was whole', { fault: 'client', status: 400 }),
      );
    };
    const settle = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

function tooLarge(maxBytes: number): GateError {
  return new GateError('BODY_TOO_LARGE', `the body of this request may have ${maxBytes} bytes at most`, {
    fault: 'client',
    status: 413,
  });
}

/** The error for a body in another transfer coding than chunked, which is all that is undone here (RFC 9112 section 7). */
export function unknownCoding(request: ClientRequest): GateError | null {
  const encoding = request.headers['transfer-encoding'];
  if (encoding === undefined || encoding.trim().toLowerCase() === 'chunked') return null;
  const message = 'of transfer codings this gate knows only chunked';
  return new GateError('METHOD_NOT_ALLOWED', message, { fault: 'client', status: 501 });
}

/** Whether a request carries a body (RFC 9112 section 6.3). */
export function hasBody(request: ClientRequest): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
