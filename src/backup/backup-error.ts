// Owns the ways in which a backup or a restore can fail, each with what to do.
import { GateError } from '../base/errors.ts';

/** The archive is not what was written: nothing of it is used. */
export function damaged(file: string, why: string, cause?: unknown): GateError {
  return new GateError(
    'BACKUP_DAMAGED',
    `${file} is damaged or no backup of otagate (${why}): nothing was restored; take another copy of it`,
    { fault: 'client', cause },
  );
}

export function refused(message: string): GateError {
  return new GateError('BACKUP_REFUSED', message, { fault: 'client' });
}
