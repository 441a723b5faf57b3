// Owns tls.certificates in the file: PEM pairs and PKCS#12, their checks, and the way to Config and back.
import { z } from 'zod';
import type { CertificateFiles } from './config.ts';
import { fileProblem } from './file-problem.ts';
import type { Report } from './finding.ts';
import { leaf } from './leaf.ts';
import { listOf, memberOf, textOf, valueAt } from './loose.ts';
import { fromFolder, type NamedPaths, readFilePath } from './paths.ts';
import { secret, secretFile } from './secret-keys.ts';
import { type SecretSource, type Secrets, secretAt, writeSecret } from './secrets.ts';

const PLACE = ['tls', 'certificates'];
const file = (description: string) => leaf(readFilePath, { description, type: 'string' }).optional();

/** Which keys belong together is checked between keys: a union here would tell less. */
export const certificateSchema = z.strictObject({
  cert: file('The chain in PEM, the leaf first. Relative paths start at the folder of this file.'),
  key: file('The private key in PEM.'),
  pkcs12: file('In place of both: a PKCS#12 file (.p12, .pfx).'),
  passphrase: secret('passphrase', 'What the key or the PKCS#12 file is encrypted with.'),
  passphraseFile: secretFile('passphrase'),
});

/** An entry of the file without faults. */
export function certificateFrom(
  input: z.output<typeof certificateSchema>,
  index: number,
  paths: NamedPaths,
  secrets: Secrets,
): CertificateFiles {
  const passphrase = secretAt(secrets, [...PLACE, index, 'passphrase'], input.passphrase);
  const locked = passphrase === '' ? {} : { passphrase };
  if (input.pkcs12 !== undefined) return { pkcs12: paths.needs(input.pkcs12), ...locked };
  return { cert: paths.needs(input.cert ?? ''), key: paths.needs(input.key ?? ''), ...locked };
}

/** The entry as the file writes it. */
export function writeCertificate(
  { passphrase, ...files }: CertificateFiles,
  index: number,
  sources: Record<string, SecretSource>,
): Record<string, unknown> {
  return { ...files, ...writeSecret([...PLACE, index], 'passphrase', passphrase, sources) };
}

/**
 * Reports files that cannot be used, and https without any certificate. `folder` is that of the configuration; `https`
 * says whether TLS is listened for at all, `orders` whether an authority will be asked for certificates.
 */
export function certificateFaults(
  raw: unknown,
  folder: string,
  { https, orders }: { https: boolean; orders: boolean },
  report: Report,
): void {
  const certificates = valueAt(raw, PLACE);
  for (const [index, files] of listOf(certificates).entries()) {
    pairFaults(files, index, report);
    for (const key of ['cert', 'key', 'pkcs12']) {
      const path = textOf(memberOf(files, key));
      const problem = path === undefined || path === '' ? undefined : fileProblem(fromFolder(folder, path), 'readable');
      if (problem === undefined) continue;
      const kind = key === 'pkcs12' ? 'PKCS#12' : 'PEM';
      const expected = `a ${kind} file that this user may read; relative paths start at ${folder}`;
      report([...PLACE, index, key], { problem, expected });
    }
  }
  const localCa = valueAt(raw, ['tls', 'localCa']);
  const none = certificates === undefined || (Array.isArray(certificates) && certificates.length === 0);
  if (https && !orders && none && (localCa === false || localCa === 'false')) {
    const problem = 'leaves https without any certificate';
    report(['tls', 'localCa'], {
      problem,
      expected: 'email (ACME), tls.certificates, or localCa: true, or listen.https: none',
    });
  }
}

/** Either `cert` and `key`, or `pkcs12`. */
function pairFaults(files: unknown, index: number, report: Report): void {
  if (typeof files !== 'object' || files === null || Array.isArray(files)) return;
  const [cert, key, pkcs12] = ['cert', 'key', 'pkcs12'].map((each) => memberOf(files, each));
  const place = [...PLACE, index];
  if (pkcs12 !== undefined) {
    if (cert === undefined && key === undefined) return;
    const beside = cert === undefined ? 'key' : 'cert';
    report(
      [...place, 'pkcs12'],
      { problem: `is there beside ${beside}`, expected: 'cert and key, or pkcs12' },
      { at: 'key' },
    );
    return;
  }
  for (const [name, value] of [
    ['cert', cert],
    ['key', key],
  ] as const) {
    if (value === undefined) report([...place, name], { problem: 'is missing', expected: 'cert and key, or pkcs12' });
  }
}
