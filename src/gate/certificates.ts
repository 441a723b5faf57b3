// Owns the certificates in this gate: contexts made once for each snapshot, and the one for a handshake.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { ServedCertificate, Snapshot } from '../link/snapshot.ts';
import { chooseCertificate } from '../tls/choose.ts';

// For TLS 1.2: forward secrecy and AEAD only. Devices take the AES-GCM ones; ChaCha20 is for phones without AES.
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

// P-256 before P-384: the latter takes an ESP32 about 1.8 s in software. mbedTLS offers no hybrid groups.
const CURVES = 'X25519:P-256:P-384';

export const TLS_OPTIONS = {
  ciphers: CIPHERS,
  ecdhCurve: CURVES,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
} as const;

export type Held = { names: string[]; publicChain: boolean; context: SecureContext; certificate: ServedCertificate };

/** Makes the contexts of a snapshot. @throws {Error} for a certificate or key that OpenSSL does not take */
export function holdCertificates(tls: Snapshot['tls']): Held[] {
  return tls.certificates.map((certificate) => ({
    names: certificate.names,
    publicChain: certificate.publicChain,
    certificate,
    context: createSecureContext({
      ...TLS_OPTIONS,
      cert: certificate.certPem,
      key: certificate.keyPem,
      honorCipherOrder: true,
    }),
  }));
}

/** The context for a server name. Never throws: a throw inside an SNI callback would end the process. */
export function contextFor(held: readonly Held[], serverName: string): SecureContext | undefined {
  return chooseCertificate(held, serverName)?.context;
}
