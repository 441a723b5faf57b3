// Owns certificates that an operator brings along, whatever the kind of file, and the notice of a change in them.
import { createPrivateKey } from 'node:crypto';
import { statSync } from 'node:fs';
import { errorCode } from '../base/errors.ts';
import type { CertificateFiles } from '../config/config.ts';
import type { ServedCertificate } from '../link/snapshot.ts';
import { checkServable, endsInPublicRoot, namesOf, parseChain } from './chain.ts';
import { readPemFiles } from './pem-files.ts';
import { readPkcs12 } from './pkcs12.ts';

/** @throws {GateError} TLS_MATERIAL naming the file and what is wrong with it */
export function readCertificateFiles(files: CertificateFiles, nowMs: number): ServedCertificate {
  if (!('pkcs12' in files)) return readPemFiles(files, nowMs);
  const { certPem, keyPem } = readPkcs12(files);
  const chain = parseChain(certPem, files.pkcs12);
  checkServable(chain, createPrivateKey(keyPem), { cert: files.pkcs12, key: files.pkcs12 }, nowMs);
  return { names: chain.slice(0, 1).flatMap(namesOf), certPem, keyPem, publicChain: endsInPublicRoot(chain) };
}

/** Changes whenever one of the files was written or replaced; also behind a symbolic link that was turned. */
export function fileSignature(files: CertificateFiles): string {
  const paths = 'pkcs12' in files ? [files.pkcs12] : [files.cert, files.key];
  return paths
    .map((path) => {
      try {
        const stat = statSync(path);
        return `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
      } catch (error) {
        return errorCode(error); // gone, or a folder on the way that cannot be entered for now
      }
    })
    .join('; ');
}
