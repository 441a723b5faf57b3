// Owns moving a body from an upstream to a client: with back-pressure, without a total limit, and never complete-looking
// where it was cut.
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../base/errors.ts';
import type { ClientResponse } from './client.ts';
import { passing } from './passing-bytes.ts';
import { endAfterRest } from './rest.ts';

export type PumpEnd = 'complete' | 'client-left' | 'client-stalled' | 'upstream-cut' | 'upstream-stalled';

/** What the record says of an end that came too early. */
export const CODES: Record<Exclude<PumpEnd, 'complete'>, ErrorCode> = {
  'client-left': 'CLIENT_GONE',
  'client-stalled': 'CLIENT_GONE',
  'upstream-cut': 'UPSTREAM_RESET',
  'upstream-stalled': 'UPSTREAM_TIMEOUT',
};

/**
 * Moves `source` into `response` until one of them ends. `idleMs` without progress on either side ends both. A source
 * that breaks off destroys the response, so that no client takes a part for the whole. `onBytes` hears every chunk.
 */
export function pump(
  source: Readable,
  response: ClientResponse,
  idleMs: number,
  onBytes: (bytes: number) => void,
): Promise<PumpEnd> {
  return new Promise((resolve) => {
    let ended = false;
    let parting = false;
    const idle = setTimeout(() => {
      if (!parting) finish(hasUnsent(response) ? 'client-stalled' : 'upstream-stalled');
    }, idleMs);
    const finish = (end: PumpEnd): void => {
      if (ended) return;
      ended = true;
      clearTimeout(idle);
      if (end !== 'complete') {
        source.destroy();
        response.destroy();
      }
      resolve(end);
    };
    source.on('data', (chunk: Buffer) => {
      idle.refresh();
      onBytes(chunk.length);
      passing(chunk.length);
      if (!response.write(chunk)) source.pause();
    });
    response.on('drain', () => {
      idle.refresh();
      source.resume();
    });
    source.on('end', () => {
      // Node reports an upstream that broke off inside its Content-Length by an error or a close without an end.
      parting = true;
      void endAfterRest(response).then(() => {
        parting = false;
        if (!ended) idle.refresh();
      });
    });
    source.on('error', () => finish('upstream-cut'));
    source.on('close', () => {
      if (!source.readableEnded) finish('upstream-cut');
    });
    response.on('finish', () => finish('complete'));
    response.on('close', () => finish('client-left'));
    response.on('error', () => finish('client-left'));
  });
}

/** Whether the client is the one that stands still: what it was sent has not left yet. */
function hasUnsent(response: ClientResponse): boolean {
  return response.writableLength > 0 || response.writableEnded;
}
