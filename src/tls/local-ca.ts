// Owns the local CA: it signs for every name that has no other certificate, so that TLS runs before ACME, and without.
import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import forge from 'node-forge';
import { errorText, GateError } from '../base/errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../base/files.ts';

const DAY_MS = 86_400_000;
const ROOT_DAYS = 3650;
const LEAF_DAYS = 90;
// A device's clock starts at 1970 or at its build date; a machine's clock may be a little behind ours.
const BACKDATE_MS = DAY_MS;

export type LocalCertificate = { certPem: string; keyPem: string; rootPem: string; renewed: boolean };

/**
 * The local CA's certificate for these names, made or renewed where need be. Everything lives in
 * `stateDir/local-ca`, private. RSA 2048, since node-forge knows no other keys and every device takes it.
 * @throws {GateError} STATE_DAMAGED where the files are there but cannot be used
 */
export function localCertificate(stateDir: string, names: readonly string[], nowMs: number): LocalCertificate {
  const folder = join(stateDir, 'local-ca');
  ensurePrivateFolder(folder);
  try {
    const root = keptRoot(folder, nowMs) ?? makeRoot(folder, nowMs);
    const kept = keptLeaf(folder, root, names, nowMs);
    return { ...(kept ?? makeLeaf(folder, root, names, nowMs)), rootPem: root.certPem, renewed: kept === null };
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError(
      'STATE_DAMAGED',
      `the local CA in ${folder} cannot be used (${errorText(error)}): move the folder away to make a new one`,
      {
        fault: 'gate',
        cause: error,
      },
    );
  }
}

/** The root, made where there is none that lasts. @throws {GateError} STATE_DAMAGED */
export function ensureLocalRoot(stateDir: string, nowMs: number): Pair {
  const folder = join(stateDir, 'local-ca');
  ensurePrivateFolder(folder);
  return keptRoot(folder, nowMs) ?? makeRoot(folder, nowMs);
}

/** Takes another root in place of this machine's; the leaf is then made anew. @throws {Error} for a pair that is none */
export function replaceLocalRoot(stateDir: string, pair: Pair): void {
  if (!belongTogether(pair)) throw new TypeError('key and certificate of the root do not match');
  const folder = join(stateDir, 'local-ca');
  ensurePrivateFolder(folder);
  writeFiles(folder, 'root', pair);
}

export type Pair = { certPem: string; keyPem: string };

function keptRoot(folder: string, nowMs: number): Pair | null {
  const pair = readPair(folder, 'root');
  // Nobody likes to import a root twice: it is renewed only in its last year, when leaves would outlive it.
  return pair && msLeft(pair, nowMs) > 365 * DAY_MS ? pair : null;
}

function keptLeaf(folder: string, root: Pair, names: readonly string[], nowMs: number): Pair | null {
  const pair = readPair(folder, 'leaf');
  if (pair === null || msLeft(pair, nowMs) < (LEAF_DAYS / 3) * DAY_MS) return null;
  const leaf = new X509Certificate(pair.certPem);
  const covers = names.every((name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined);
  return covers && leaf.verify(new X509Certificate(root.certPem).publicKey) ? pair : null;
}

function msLeft(pair: Pair, nowMs: number): number {
  return new X509Certificate(pair.certPem).validToDate.getTime() - nowMs;
}

function readPair(folder: string, name: 'root' | 'leaf'): Pair | null {
  const cert = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  // The key is written first, so a key alone is what a crash leaves; a root alone is a root whose key was lost.
  if (!existsSync(cert) || (name === 'leaf' && !existsSync(key))) return null;
  const pair = { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
  // A crash between the two renames leaves halves of two pairs. A leaf is made again; a root is not thrown away silently.
  if (name === 'leaf') return belongTogether(pair) ? pair : null;
  if (new X509Certificate(pair.certPem).checkPrivateKey(createPrivateKey(pair.keyPem))) return pair;
  throw new GateError(
    'STATE_DAMAGED',
    `${cert} and ${key} do not belong together: restore them, or move both away to make a new root`,
    {
      fault: 'gate',
    },
  );
}

function belongTogether({ certPem, keyPem }: Pair): boolean {
  try {
    return new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function makeRoot(folder: string, nowMs: number): Pair {
  // The key of the name keeps two gates' roots apart in a browser's list, and in chain building.
  const name = [
    { name: 'commonName', value: `otagate local CA ${randomBytes(3).toString('hex')}` },
    { name: 'organizationName', value: 'otagate' },
  ];
  const { certificate, privateKey } = draft(nowMs, ROOT_DAYS);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(privateKey, forge.md.sha256.create());
  return writePair(folder, 'root', certificate, privateKey);
}

function makeLeaf(folder: string, root: Pair, names: readonly string[], nowMs: number): Pair {
  const issuer = forge.pki.certificateFromPem(root.certPem);
  const { certificate, privateKey } = draft(nowMs, LEAF_DAYS);
  // A common name holds 64 characters at most; verifiers read the alternative names.
  certificate.setSubject([{ name: 'commonName', value: (names[0] ?? 'otagate').slice(0, 64) }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
    },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(root.keyPem), forge.md.sha256.create());
  // The root is not sent along: whoever trusts it has it, and devices pay for each byte of a chain.
  return writePair(folder, 'leaf', certificate, privateKey);
}

function draft(nowMs: number, days: number) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // RFC 5280 section 4.1.2.2: positive, at most 20 bytes. No zeros in front: OpenSSL refuses a needless one.
  certificate.serialNumber = `40${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(nowMs - BACKDATE_MS);
  certificate.validity.notAfter = new Date(nowMs + days * DAY_MS);
  return { certificate, privateKey: forge.pki.privateKeyFromPem(privateKey) };
}

function writePair(
  folder: string,
  name: 'root' | 'leaf',
  certificate: forge.pki.Certificate,
  privateKey: forge.pki.rsa.PrivateKey,
): Pair {
  const pair = {
    certPem: forge.pki.certificateToPem(certificate).replaceAll('\r', ''),
    keyPem: forge.pki.privateKeyToPem(privateKey).replaceAll('\r', ''),
  };
  writeFiles(folder, name, pair);
  return pair;
}

function writeFiles(folder: string, name: 'root' | 'leaf', pair: Pair): void {
  writeFileAtomic(join(folder, `${name}.key`), pair.keyPem, 0o600);
  writeFileAtomic(join(folder, `${name}.pem`), pair.certPem, 0o644);
}
