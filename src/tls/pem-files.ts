// Owns certificates that an operator brings along as PEM files: read, checked, and refused with a reason.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { errorText, GateError } from '../base/errors.ts';
import type { CertificateFiles } from '../config/config.ts';
import type { ServedCertificate } from '../link/snapshot.ts';
import { normaliseAddress } from '../policy/networks.ts';

/**
 * Reads a certificate chain and its key.
 * @throws {GateError} TLS_MATERIAL naming the file and what is wrong with it
 */
export function readPemFiles(files: CertificateFiles, nowMs: number): ServedCertificate {
  const certPem = read(files.cert);
  const keyPem = read(files.key);
  const chain = parseChain(certPem, files.cert);
  const leaf = chain[0];
  if (leaf === undefined) throw refuse(files.cert, 'holds no certificate: the leaf comes first, then its issuers');
  if (!leaf.checkPrivateKey(parseKey(keyPem, files.key))) {
    throw refuse(files.key, `is not the key of the first certificate in ${files.cert}`);
  }
  if (leaf.validToDate.getTime() <= nowMs) throw refuse(files.cert, `expired on ${leaf.validToDate.toISOString()}`);
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer && !certificate.checkIssued(issuer)) {
      throw refuse(files.cert, `is out of order: certificate ${index + 2} did not issue certificate ${index + 1}`);
    }
  }
  return { names: namesOf(leaf), certPem, keyPem, publicChain: endsInPublicRoot(chain) };
}

/** The names and addresses that a leaf is for (RFC 6125: alternative names only), in lower case. */
export function namesOf(leaf: X509Certificate): string[] {
  const names = leaf.subjectAltName ?? '';
  return [...names.matchAll(/(DNS|IP Address):([^,\s]+)/g)].map(([, kind, name = '']) =>
    // OpenSSL writes IPv6 in full; the rest of the gate compares the short form.
    kind === 'DNS' ? name.toLowerCase() : normaliseAddress(name),
  );
}

// ESP-IDF's bundle is made from the same Mozilla list that Node carries, so Node's roots stand for it.
function endsInPublicRoot(chain: readonly X509Certificate[]): boolean {
  const last = chain.at(-1);
  if (last === undefined) return false;
  return rootCertificates.some((pem) => {
    const root = new X509Certificate(pem);
    return last.fingerprint256 === root.fingerprint256 || (last.checkIssued(root) && last.verify(root.publicKey));
  });
}

function parseChain(pem: string, file: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (begun !== blocks.length) throw refuse(file, `is cut off: certificate ${blocks.length + 1} has no end`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw refuse(file, `holds a certificate that cannot be read (${errorText(error)})`, error);
  }
}

function parseKey(pem: string, file: string) {
  if (pem.includes('ENCRYPTED'))
    throw refuse(file, 'is encrypted: store it without a passphrase, readable by this user only');
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw refuse(file, `holds no private key that can be read (${errorText(error)})`, error);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse(file, `cannot be read (${errorText(error)})`, error);
  }
}

function refuse(file: string, what: string, cause?: unknown): GateError {
  return new GateError('TLS_MATERIAL', `${file} ${what}`, { fault: 'gate', cause });
}
