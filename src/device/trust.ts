// Owns which certificate chains a device takes: mbedTLS with ESP-IDF's certificate bundle, not OpenSSL's rules.

import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type DetailedPeerCertificate, rootCertificates } from 'node:tls';

/** The bundle, by subject: a device finds an issuer by name and then checks the signature. */
export type TrustBundle = { bySubject: ReadonlyMap<string, readonly X509Certificate[]> };

export type ChainVerdict = { chain: 'trusted' } | { chain: 'refused'; because: string };

/** mbedTLS walks eight intermediates at most (MBEDTLS_X509_MAX_INTERMEDIATE_CA). */
const MAX_PATH = 10;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** A bundle from PEM texts, each with one or more certificates. */
export function trustBundle(pems: readonly string[]): TrustBundle {
  const bySubject = new Map<string, X509Certificate[]>();
  for (const pem of pems.flatMap(
    (text) => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
  )) {
    const certificate = new X509Certificate(pem);
    bySubject.set(certificate.subject, [...(bySubject.get(certificate.subject) ?? []), certificate]);
  }
  return { bySubject };
}

let publicRoots: TrustBundle | undefined;

/** Node's own roots, in place of ESP-IDF's full bundle (both come from Mozilla). Parsed once. */
export function publicBundle(): TrustBundle {
  publicRoots ??= trustBundle(rootCertificates);
  return publicRoots;
}

/** The certificates that the server sent, from the leaf up, as far as each was issued by the next. */
export function servedPath(leaf: DetailedPeerCertificate): X509Certificate[] {
  const path: X509Certificate[] = [];
  let at: DetailedPeerCertificate | undefined = leaf;
  while (at !== undefined && at.raw !== undefined && path.length < MAX_PATH) {
    path.push(new X509Certificate(at.raw));
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return path;
}

/**
 * Whether a device takes this chain for this host.
 * - The *last* certificate of the path has to be issued by one of the bundle. A chain that goes on past a trusted
 *   issuer, to a cross-sign by a root that has left the bundle, is refused before 2.4.2 (esp-idf#18674).
 * - Dates are not looked at: CONFIG_MBEDTLS_HAVE_TIME_DATE is off, and a device without time would refuse everything.
 */
export function judgeChain(
  path: readonly X509Certificate[],
  host: string,
  bundle: TrustBundle,
  toleratesCrossSign: boolean,
): ChainVerdict {
  const leaf = path[0];
  if (leaf === undefined) return refused('the server sent no certificate');
  const wrongName = checkServerIdentity(host, leaf.toLegacyObject());
  if (wrongName !== undefined) return refused(`the certificate is not for ${host} (-0x2700)`);
  // X509Certificate.keyUsage is the *extended* key usage, and is absent where the certificate names none.
  const usage: readonly string[] | undefined = leaf.keyUsage;
  if (usage !== undefined && !usage.includes(SERVER_AUTH)) return refused('the certificate is not for servers');

  for (const [depth, certificate] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (depth > 0 && !certificate.ca) return refused(`an issuer that is no CA: ${oneLine(certificate.subject)}`);
    if ((isLast || toleratesCrossSign) && hasTrustedIssuer(certificate, bundle)) return { chain: 'trusted' };
    const next = path[depth + 1];
    if (next !== undefined && !certificate.verify(next.publicKey)) {
      return refused(`a signature that is wrong: ${oneLine(certificate.subject)}`);
    }
  }
  const last = path.at(-1) ?? leaf;
  return refused(`no certificate in the bundle for the last issuer: ${oneLine(last.issuer)} (-0x3000)`);
}

function hasTrustedIssuer(certificate: X509Certificate, bundle: TrustBundle): boolean {
  const issuers = bundle.bySubject.get(certificate.issuer) ?? [];
  return issuers.some((issuer) => certificate.verify(issuer.publicKey));
}

function oneLine(name: string): string {
  return name.replaceAll('\n', ', ');
}

function refused(because: string): ChainVerdict {
  return { chain: 'refused', because };
}
