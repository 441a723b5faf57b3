// Owns what is told of the certificates: facts of what is served, what a device would say of it, and how renewal goes.
import { X509Certificate } from 'node:crypto';
import { chainWordsZh } from '../doctor/chain-words-zh.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { parseChain } from '../tls/chain.ts';
import { covers } from '../tls/choose.ts';
import { checkForDevices } from '../tls/device-check.ts';
import type { DeviceFinding } from '../tls/device-finding.ts';
import { espBundle } from '../tls/esp-bundle.ts';
import type { KeptCertificate } from './kept-item.ts';

const DAY_MS = 86_400_000;

/** What a device finds, in both languages; `what`, `why` and `remedy` themselves are English. */
export type CertificateFinding = DeviceFinding & { zh: Pick<DeviceFinding, 'what' | 'why' | 'remedy'> };

export type CertificateStatus = {
  names: string[];
  /** SHA-256 of the leaf. */
  fingerprint: string;
  issuer: string;
  key: string;
  notAfter: string;
  daysLeft: number;
  /** Certificates in the chain, and their bytes in a handshake. */
  chainLength: number;
  chainBytes: number;
  devices: CertificateFinding[];
  /** How it is renewed; null for what is brought along or signed locally. */
  renewal: KeptCertificate | null;
};

/** What is served now, in the order of choice. */
export function certificateStatus(
  tls: Snapshot['tls'],
  domains: readonly string[],
  kept: readonly KeptCertificate[],
  nowMs: number,
): CertificateStatus[] {
  return tls.certificates.map(({ names, certPem }) => {
    const chain = parseChain(certPem, 'what is served');
    const leaf = new X509Certificate(certPem);
    const key = describeKey(leaf);
    const served = domains.filter((domain) => covers(names, domain));
    return {
      names,
      fingerprint: leaf.fingerprint256,
      issuer: leaf.issuer.replaceAll('\n', ', '),
      key,
      notAfter: leaf.validToDate.toISOString(),
      daysLeft: Math.floor((leaf.validToDate.getTime() - nowMs) / DAY_MS),
      chainLength: chain.length,
      chainBytes: chain.reduce((sum, { raw }) => sum + raw.length, 0),
      // A certificate for bare addresses alone is for browsers on the LAN: devices come by a domain.
      devices:
        served.length === 0
          ? []
          : checkForDevices(certPem, served, tls.deviceRecordBytes, { bundle: espBundle(), nowMs }).map(
              inBothLanguages,
            ),
      renewal:
        kept.find(
          (one) => names.includes(one.name) && key.toLowerCase().startsWith(one.keyType === 'rsa' ? 'rsa' : 'ec'),
        ) ?? null,
    };
  });
}

function inBothLanguages(finding: DeviceFinding): CertificateFinding {
  const { code, what, why, remedy } = finding;
  return { ...finding, zh: chainWordsZh[code]({ what, why, remedy }) };
}

/** Domains that no served certificate is for: a device would meet a wrong name. */
export function uncoveredDomains(tls: Snapshot['tls'], domains: readonly string[]): string[] {
  return domains.filter((domain) => !tls.certificates.some(({ names }) => covers(names, domain)));
}

function describeKey({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return publicKey.asymmetricKeyType === 'rsa' ? `RSA ${modulusLength}` : `EC ${namedCurve}`;
}
