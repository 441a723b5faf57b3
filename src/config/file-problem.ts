// Owns the question whether a file that the configuration names is there and can be used by this user.
import { accessSync, constants, statSync } from 'node:fs';
import { errorCode } from '../base/errors.ts';

/** What is wrong with a file, as a phrase that continues its key; undefined where it is fine. */
export function fileProblem(file: string, kind: 'readable' | 'executable'): string | undefined {
  try {
    if (statSync(file).isDirectory()) return 'is a folder';
    accessSync(file, kind === 'readable' ? constants.R_OK : constants.X_OK);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
    return kind === 'executable' && code === 'EACCES' ? 'is not executable' : `cannot be read (${code})`;
  }
}
