// Owns the certificates in this gate: contexts made once for each snapshot, and the one for a handshake.
import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
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
  // Nobody needs it, and it costs us ten times what it costs who asks for it.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  // Node derives it from the command line otherwise, which names the gate: a session would be resumed on that one only.
  sessionIdContext: 'otagate',
} as const;

export const ACME_TLS_PROTOCOL = 'acme-tls/1';
export const HTTP2_PROTOCOL = 'h2';

export type Held = {
  names: string[];
  publicChain: boolean;
  pairs: { certPem: string; keyPem: string }[];
  context: SecureContext;
};

type OwnContext = SecureContextOptions & { ticketKeys: Buffer };

/** All that a handshake may choose from. */
export type Keyring = { certificates: readonly Held[]; proofs: ReadonlyMap<string, SecureContext> };

export const NO_KEYS: Keyring = { certificates: [], proofs: new Map() };

/**
 * Makes the contexts of a snapshot. Certificates for the same names, an ECDSA and an RSA one, share a context, the RSA
 * one last: where only one of them is served, it is the one that every client takes.
 * @throws {Error} for a certificate or key that OpenSSL does not take
 */
export function holdCertificates(tls: Snapshot['tls']): Keyring {
  const byNames = new Map<string, ServedCertificate[]>();
  for (const certificate of tls.certificates) {
    const key = certificate.names.toSorted().join(' ');
    byNames.set(key, [...(byNames.get(key) ?? []), certificate]);
  }
  const certificates = [...byNames.values()].map((alike) => {
    const pairs = alike.toSorted((one, other) => Number(isRsa(one)) - Number(isRsa(other)));
    return {
      names: alike.flatMap(({ names }) => names),
      publicChain: alike.every(({ publicChain }) => publicChain),
      pairs,
      context: contextOf(pairs),
    };
  });
  const proofs = new Map(tls.alpnProofs.map((proof) => [proof.name.toLowerCase(), contextOf([proof])]));
  return { certificates, proofs };
}

/**
 * The context for a server name; undefined stands for the listener's own, which holds the first. Node takes only one
 * certificate, the last, out of a context that it gets by SNI; the listener's own serves each client by what it can
 * verify. Never throws: a throw inside an SNI callback would end the process.
 */
export function contextFor({ certificates }: Keyring, serverName: string): SecureContext | undefined {
  const chosen = chooseCertificate(certificates, serverName);
  return chosen === certificates[0] ? undefined : chosen?.context;
}

/**
 * What a listener serves to clients without SNI, or undefined where there is nothing. The ticket keys go along each
 * time: setSecureContext throws them away otherwise.
 */
export function ownContext({ certificates }: Keyring, ticketKeys: Uint8Array): OwnContext | undefined {
  const first = certificates[0];
  if (first === undefined) return undefined;
  return { ...TLS_OPTIONS, ...pemPairs(first.pairs), honorCipherOrder: true, ticketKeys: Buffer.from(ticketKeys) };
}

/** `cert` and `key` for Node's TLS options, in the same order. */
export function pemPairs(pairs: readonly { certPem: string; keyPem: string }[]): { cert: string[]; key: string[] } {
  return { cert: pairs.map(({ certPem }) => certPem), key: pairs.map(({ keyPem }) => keyPem) };
}

function isRsa({ certPem }: { certPem: string }): boolean {
  return new X509Certificate(certPem).publicKey.asymmetricKeyType === 'rsa';
}

function contextOf(pairs: readonly { certPem: string; keyPem: string }[]): SecureContext {
  return createSecureContext({ ...TLS_OPTIONS, ...pemPairs(pairs), honorCipherOrder: true });
}
