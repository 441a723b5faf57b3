// Owns certificates that an operator brings along as PEM files: read, checked, and refused with a reason.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorText } from '../base/errors.ts';
import type { ServedCertificate } from '../link/snapshot.ts';
import { checkServable, endsInPublicRoot, namesOf, parseChain, refuse } from './chain.ts';

export type PemSource = { cert: string; key: string; passphrase?: string };

/**
 * Reads a certificate chain and its key.
 * @throws {GateError} TLS_MATERIAL naming the file and what is wrong with it
 */
export function readPemFiles(files: PemSource, nowMs: number): ServedCertificate {
  const certPem = read(files.cert);
  const chain = parseChain(certPem, files.cert);
  const given = read(files.key);
  const key = parseKey(given, files);
  checkServable(chain, key, files, nowMs);
  const keyPem = given.includes('ENCRYPTED') ? key.export({ type: 'pkcs8', format: 'pem' }).toString() : given;
  return { names: chain.slice(0, 1).flatMap(namesOf), certPem, keyPem, publicChain: endsInPublicRoot(chain) };
}

function parseKey(pem: string, { key: file, passphrase }: PemSource): KeyObject {
  if (pem.includes('ENCRYPTED') && passphrase === undefined) {
    throw refuse(file, 'is encrypted: give its passphrase (passphrase or passphraseFile), or store it without one');
  }
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch (error) {
    const what = pem.includes('ENCRYPTED')
      ? 'cannot be decrypted: the passphrase is wrong'
      : 'holds no private key that can be read';
    throw refuse(file, `${what} (${errorText(error)})`, error);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse(file, `cannot be read (${errorText(error)})`, error);
  }
}
