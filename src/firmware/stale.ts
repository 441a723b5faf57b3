// Owns what is said and decided where the upstream could not be asked about an image that is here.
import { errorText, GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Entry } from './library.ts';

/** @throws {GateError} FIRMWARE_LINK_DEAD */
export function usedUp(): never {
  throw new GateError('FIRMWARE_LINK_DEAD', 'this one-time link is used up', { fault: 'upstream', status: 404 });
}

/** The upstream says that the link leads nowhere any more. */
export function isDead(error: unknown): boolean {
  return error instanceof GateError && error.code === 'FIRMWARE_LINK_DEAD';
}

export function warnStale(log: Log, { sha256 }: Entry, error: unknown): void {
  const detail = errorText(error);
  log.warn(
    { event: 'firmware-stale', sha256, detail },
    `the upstream cannot be asked about a firmware, so the one that is here is served: ${detail}`,
  );
}
