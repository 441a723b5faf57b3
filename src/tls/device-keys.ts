// Owns what the keys and signatures of a chain cost a device, or are refused for.
import type { X509Certificate } from 'node:crypto';
import type { DeviceFinding } from './device-finding.ts';
import { type EspBundle, issuerIn, keyName, shortName } from './esp-bundle.ts';
import { isSelfSigned } from './served-chain.ts';

// ESP32 chips compute on P-256 fast enough; larger curves have no hardware behind them.
const SLOW_CURVE = /^ec-secp(384|521)r1$/;
const SLOW = 'about 1.8 s were seen';

/** The leaf's own key. */
export function keyFindings(leaf: X509Certificate): DeviceFinding[] {
  const key = keyName(leaf);
  const finding = (severity: DeviceFinding['severity'], what: string, why: string): DeviceFinding[] => [
    { code: 'leaf-key', severity, what, why, remedy: 'order the certificate with a P-256 key, or with RSA 2048' },
  ];
  if (key === 'ec-prime256v1') return [];
  const curve = SLOW_CURVE.exec(key)?.[1];
  if (curve !== undefined) {
    return finding('warning', `the key is on P-${curve}`, `a device checks its signature in software: ${SLOW}`);
  }
  if (leaf.publicKey.asymmetricKeyType !== 'rsa') {
    return finding('fault', `the key is of a kind that devices do not take: ${key}`, 'no device can connect by TLS');
  }
  const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < 2048) {
    return finding(
      'fault',
      `the key has ${bits} bits only`,
      'mbedTLS takes RSA keys from 2048 bits on, and ends the handshake with -0x2700',
    );
  }
  if (bits < 4096) return [];
  return finding(
    'warning',
    `the key is RSA ${bits}`,
    `it makes each handshake of a device ${(2 * (bits - 2048)) / 8} bytes longer than RSA 2048, and the signature four times the work`,
  );
}

/** The signatures that a device checks: all but a root's own. */
export function signatureFindings(chain: readonly X509Certificate[], bundle: EspBundle): DeviceFinding[] {
  const signed = chain.filter((certificate) => !isSelfSigned(certificate));
  const weak = signed.filter(({ signatureAlgorithm }) => /sha-?1(\D|$)|md[245]/i.test(signatureAlgorithm ?? ''));
  const slow = signed.filter((certificate) => SLOW_CURVE.test(issuerKey(certificate, chain, bundle)));
  return [
    ...weak.map(
      (certificate): DeviceFinding => ({
        code: 'signature-weak',
        severity: 'fault',
        what: `${shortName(certificate.subject)} is signed by ${certificate.signatureAlgorithm}`,
        why: 'mbedTLS takes no SHA-1 or MD5 in a chain, and ends the handshake with -0x2700',
        remedy: 'have the certificate issued anew, with SHA-256',
      }),
    ),
    ...(slow.length === 0
      ? []
      : [
          {
            code: 'signature-slow',
            severity: 'warning',
            what: `signed by a key on P-384 or larger: ${slow.map(({ subject }) => shortName(subject)).join(', ')}`,
            why: `a device checks such a signature in software, in every handshake: ${SLOW}`,
            remedy:
              'where the authority has a chain of RSA or P-256 issuers, take that one; else it is slower, no more',
          } satisfies DeviceFinding,
        ]),
  ];
}

function issuerKey(certificate: X509Certificate, chain: readonly X509Certificate[], bundle: EspBundle): string {
  const served = chain.find((candidate) => candidate !== certificate && certificate.checkIssued(candidate));
  return served === undefined ? (issuerIn(bundle, certificate)?.key ?? '') : keyName(served);
}
