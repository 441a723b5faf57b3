// Owns certificate chains: read from PEM, judged before they are served, and whether the public would trust them.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { errorText, GateError } from '../base/errors.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { espBundle, issuerIn, sameKeyIn } from './esp-bundle.ts';

/** The certificates of a PEM text, leaf first as it stands there. @throws {GateError} TLS_MATERIAL naming `file` */
export function parseChain(pem: string, file: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (begun !== blocks.length) throw refuse(file, `is cut off: certificate ${blocks.length + 1} has no end`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw refuse(file, `holds a certificate that cannot be read (${errorText(error)})`, error);
  }
}

export type ChainFiles = { cert: string; key: string };

/**
 * Refuses what a client would refuse: no leaf, another key, expired, out of order, without its intermediate. Without a
 * time, dates do not count.
 * @throws {GateError} TLS_MATERIAL naming the file and what is wrong with it
 */
export function checkServable(
  chain: readonly X509Certificate[],
  key: KeyObject,
  files: ChainFiles,
  nowMs: number | null,
): void {
  const leaf = chain[0];
  if (leaf === undefined) throw refuse(files.cert, 'holds no certificate: the leaf comes first, then its issuers');
  if (!leaf.checkPrivateKey(key)) throw refuse(files.key, `is not the key of the first certificate in ${files.cert}`);
  if (nowMs !== null && leaf.validToDate.getTime() <= nowMs)
    throw refuse(files.cert, `expired on ${leaf.validToDate.toISOString()}`);
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer && !certificate.checkIssued(issuer)) {
      throw refuse(files.cert, `is out of order: certificate ${index + 2} did not issue certificate ${index + 1}`);
    }
  }
  try {
    createSecureContext({ cert: chain.map(String).join(''), key: key.export({ type: 'pkcs8', format: 'pem' }) });
  } catch (error) {
    throw refuse(
      files.cert,
      `is refused by OpenSSL (${errorText(error)}): is its key or its signature too weak?`,
      error,
    );
  }
  // Public CAs say in the leaf where its issuer's certificate is to be had, and never sign a leaf with a root.
  const pointsToIssuer = leaf.infoAccess?.includes('CA Issuers') ?? false;
  if (chain.length === 1 && pointsToIssuer && !endsInPublicRoot(chain)) {
    throw refuse(
      files.cert,
      'holds the leaf alone, and devices do not fetch what is missing: use the full chain (fullchain.pem)',
    );
  }
}

/** The names and addresses that a leaf is for (RFC 6125: alternative names only), in lower case. */
export function namesOf(leaf: X509Certificate): string[] {
  const names = leaf.subjectAltName ?? '';
  return [...names.matchAll(/(DNS|IP Address):([^,\s]+)/g)].map(([, kind, name = '']) =>
    // OpenSSL writes IPv6 in full; the rest of the gate compares the short form.
    kind === 'DNS' ? name.toLowerCase() : normaliseAddress(name),
  );
}

/**
 * Whether devices with ESP-IDF's bundle trust the chain: they look for the issuer of the last certificate served. It
 * must be in the bundles of old firmware and of new, since what follows from it, an address, stays in the flash.
 */
export function endsInPublicRoot(chain: readonly X509Certificate[]): boolean {
  const last = chain.at(-1);
  if (last === undefined) return false;
  const root = issuerIn(espBundle(), last) ?? sameKeyIn(espBundle(), last);
  return root?.on.every(Boolean) ?? false;
}

/** A refusal that begins with the file. */
export function refuse(file: string, what: string, cause?: unknown): GateError {
  return new GateError('TLS_MATERIAL', `${file} ${what}`, { fault: 'gate', cause });
}
