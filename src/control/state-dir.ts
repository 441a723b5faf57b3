// Owns the start of the state: a folder that only this user can enter.
import { errorText, GateError } from '../base/errors.ts';
import { ensurePrivateFolder } from '../base/files.ts';

/** Makes stateDir where it is missing. @throws {GateError} STATE_DIR with the next step */
export function openStateDir(stateDir: string): void {
  try {
    ensurePrivateFolder(stateDir);
  } catch (error) {
    throw new GateError(
      'STATE_DIR',
      `stateDir ${stateDir} cannot be made or written (${errorText(error)}): choose another one, or give this user the right to it`,
      { fault: 'gate', cause: error },
    );
  }
}
