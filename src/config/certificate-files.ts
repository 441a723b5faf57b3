// Owns the checks of the certificate files that the configuration names: they are there and can be read.
import { accessSync, constants, statSync } from 'node:fs';
import { errorCode } from '../base/errors.ts';
import type { Report } from './finding.ts';
import { listOf, memberOf, textOf, valueAt } from './loose.ts';
import { fromFolder } from './paths.ts';

/** `folder` is that of the configuration; `https` says whether TLS is listened for at all. */
export function certificateFaults(raw: unknown, folder: string, https: boolean, report: Report): void {
  const certificates = valueAt(raw, ['tls', 'certificates']);
  for (const [index, files] of listOf(certificates).entries()) {
    for (const key of ['cert', 'key']) {
      const path = textOf(memberOf(files, key));
      const problem = path === undefined || path === '' ? undefined : fileProblem(fromFolder(folder, path));
      if (problem === undefined) continue;
      const expected = `a PEM file that this user may read; relative paths start at ${folder}`;
      report(['tls', 'certificates', index, key], { problem, expected });
    }
  }
  const localCa = valueAt(raw, ['tls', 'localCa']);
  const none = certificates === undefined || (Array.isArray(certificates) && certificates.length === 0);
  if (https && none && (localCa === false || localCa === 'false')) {
    const problem = 'leaves https without any certificate';
    report(['tls', 'localCa'], { problem, expected: 'tls.certificates, or localCa: true, or listen.https: none' });
  }
}

function fileProblem(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'is a folder';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `cannot be read (${code})`;
  }
}
