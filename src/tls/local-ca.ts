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
/** What a leaf or a root must have left to be used on: a leaf ends with its root at the latest. */
const LEAST_MS = (LEAF_DAYS / 3) * DAY_MS;
// A device's clock starts at 1970 or at its build date; a machine's clock may be a little behind ours.
const BACKDATE_MS = DAY_MS;

const OLD_ROOT = 'root.old';
type Name = 'root' | 'leaf' | typeof OLD_ROOT;

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
  replaceRoot(folder, pair);
}

export type Pair = { certPem: string; keyPem: string };

/**
 * By the machine's own clock: the kept one never goes back, so a moment in the future would count for ever.
 * Nobody likes to import a root twice. So one that lasts no more is put aside, and used again where the clock that
 * said so was wrong; one that is not valid yet stays where there is no other, since a clock may be behind as well.
 */
function keptRoot(folder: string, nowMs: number): Pair | null {
  const pair = readRoot(folder);
  if (pair === null || isUsable(pair, nowMs)) return pair;
  const old = readPair(folder, OLD_ROOT);
  if (old === null || !isUsable(old, nowMs)) return msLeft(pair, nowMs) > LEAST_MS ? pair : null;
  replaceRoot(folder, old);
  return old;
}

function keptLeaf(folder: string, root: Pair, names: readonly string[], nowMs: number): Pair | null {
  const pair = readPair(folder, 'leaf');
  if (pair === null || msLeft(pair, nowMs) < LEAST_MS) return null;
  // Made while the clock was ahead. A clock that is before the root's beginning is behind, and proves nothing.
  if (startMs(pair) > nowMs && startMs(root) <= nowMs) return null;
  const leaf = new X509Certificate(pair.certPem);
  const covers = names.every((name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined);
  return covers && leaf.verify(new X509Certificate(root.certPem).publicKey) ? pair : null;
}

function isUsable(pair: Pair, nowMs: number): boolean {
  return startMs(pair) <= nowMs && msLeft(pair, nowMs) > LEAST_MS;
}

function startMs(pair: Pair): number {
  return new X509Certificate(pair.certPem).validFromDate.getTime();
}

function endMs(pair: Pair): number {
  return new X509Certificate(pair.certPem).validToDate.getTime();
}

function msLeft(pair: Pair, nowMs: number): number {
  return endMs(pair) - nowMs;
}

/** Writes a root in the place of the one that is there, which is put aside. */
function replaceRoot(folder: string, pair: Pair): void {
  const [before, old] = [readPair(folder, 'root'), readPair(folder, OLD_ROOT)];
  // They change places: the one that comes back is nowhere else while it is written.
  const comesBack = old !== null && old.certPem === pair.certPem;
  if (comesBack) writeFiles(folder, 'root', pair);
  if (before !== null && before.certPem !== pair.certPem) {
    // There is room for one. A clock that was ahead twice made all but the oldest.
    if (old === null || comesBack || startMs(before) <= startMs(old)) writeFiles(folder, OLD_ROOT, before);
  }
  if (!comesBack) writeFiles(folder, 'root', pair);
}

/** Null where a half is missing, or where a crash between two renames left halves of two pairs. */
function readPair(folder: string, name: Name): Pair | null {
  const [cert, key] = filesOf(folder, name);
  if (!existsSync(cert) || !existsSync(key)) return null;
  const pair = { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
  return belongTogether(pair) ? pair : null;
}

/** The same for the root, which is not thrown away silently. */
function readRoot(folder: string): Pair | null {
  const [cert, key] = filesOf(folder, 'root');
  // The key is written first, so a key alone is what a crash leaves; a root alone is a root whose key was lost.
  if (!existsSync(cert)) return null;
  const pair = { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
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
  const { certificate, privateKey } = draft(nowMs, nowMs + ROOT_DAYS * DAY_MS);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(privateKey, forge.md.sha256.create());
  const root = pairOf(certificate, privateKey);
  replaceRoot(folder, root);
  return root;
}

function makeLeaf(folder: string, root: Pair, names: readonly string[], nowMs: number): Pair {
  const issuer = forge.pki.certificateFromPem(root.certPem);
  const { certificate, privateKey } = draft(nowMs, Math.min(nowMs + LEAF_DAYS * DAY_MS, endMs(root)));
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
  const leaf = pairOf(certificate, privateKey);
  writeFiles(folder, 'leaf', leaf);
  return leaf;
}

function draft(nowMs: number, untilMs: number) {
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
  certificate.validity.notAfter = new Date(untilMs);
  return { certificate, privateKey: forge.pki.privateKeyFromPem(privateKey) };
}

function pairOf(certificate: forge.pki.Certificate, privateKey: forge.pki.rsa.PrivateKey): Pair {
  return {
    certPem: forge.pki.certificateToPem(certificate).replaceAll('\r', ''),
    keyPem: forge.pki.privateKeyToPem(privateKey).replaceAll('\r', ''),
  };
}

function filesOf(folder: string, name: Name): [cert: string, key: string] {
  return [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
}

function writeFiles(folder: string, name: Name, pair: Pair): void {
  const [cert, key] = filesOf(folder, name);
  writeFileAtomic(key, pair.keyPem, 0o600);
  writeFileAtomic(cert, pair.certPem, 0o644);
}
