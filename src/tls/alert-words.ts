// Owns what a failed TLS handshake means, in words: OpenSSL's and Node's codes as what the client on the line made of us.
import { errorCode } from '../base/errors.ts';

export type TlsFailure = {
  /** Stable, for logs and counters: `unknown-ca`, `no-shared-cipher`, `reset`. */
  reason: string;
  words: string;
  /** The next step, where there is one. */
  hint?: string;
  /** What it is about: our certificate, what both sides could agree on, or nothing that we could change. */
  about: 'certificate' | 'agreement' | 'noise';
};

const ROOT = '`otagate certs root` prints the root of the local CA for import; a public authority needs none';
const CHAIN = '`otagate status` tells what devices find in the chain';

// Which alert mbedTLS sends for what is in ssl_parse_certificate_verify (ssl_tls.c); the codes are OpenSSL 3.5's.
const KNOWN: ReadonlyMap<string, TlsFailure> = mapOf({
  ALERT_UNKNOWN_CA: {
    reason: 'unknown-ca',
    words: 'the client does not know our issuer: a browser without its root, or a device that does not carry it',
    hint: ROOT,
    about: 'certificate',
  },
  // A verify callback that fails sets every flag, and this alert is the first that mbedTLS looks for.
  ALERT_ACCESS_DENIED: {
    reason: 'access-denied',
    words:
      'the client has no root for the end of our chain: an ESP32 with ESP-IDF’s bundle says it in this way (-0x3000)',
    hint: `${CHAIN}; a private CA and a trailing cross-sign are what it refuses`,
    about: 'certificate',
  },
  ALERT_BAD_CERTIFICATE: {
    reason: 'bad-certificate',
    words: 'the client refuses our certificate: a device says so where it asked for another name (-0x2700, 0x801a)',
    hint: 'compare the address that the device was given with the names of the certificate',
    about: 'certificate',
  },
  ALERT_UNSUPPORTED_CERTIFICATE: {
    reason: 'unsupported-certificate',
    words: 'the client does not take the kind, size or usage of our certificate’s key',
    hint: `use a P-256 key, or RSA 2048; ${CHAIN}`,
    about: 'certificate',
  },
  ALERT_CERTIFICATE_EXPIRED: {
    reason: 'certificate-expired',
    words: 'the client finds our certificate out of date, or its own clock is wrong',
    hint: 'compare the dates in `otagate status` with the client’s clock',
    about: 'certificate',
  },
  ALERT_CERTIFICATE_REVOKED: {
    reason: 'certificate-revoked',
    words: 'the client was told that our certificate is revoked',
    hint: 'get a new one: `otagate certs renew`',
    about: 'certificate',
  },
  ALERT_CERTIFICATE_UNKNOWN: {
    reason: 'certificate-unknown',
    words:
      'the client refuses our certificate without saying why: a browser that does not trust it, or a weak signature',
    hint: ROOT,
    about: 'certificate',
  },
  ALERT_DECRYPT_ERROR: {
    reason: 'decrypt-error',
    words: 'the client could not verify a signature of ours',
    hint: 'certificate and key may not belong together; a proxy between may change the handshake',
    about: 'certificate',
  },
  ALERT_INTERNAL_ERROR: {
    reason: 'internal-error',
    words: 'the client ran into an error of its own: on a device mostly a lack of memory (-0x7F00)',
    hint: 'serve a shorter chain, or set tls.deviceRecordBytes to 2048',
    about: 'certificate',
  },
  ALERT_HANDSHAKE_FAILURE: {
    reason: 'handshake-failure',
    words: 'the client found nothing that both sides speak',
    hint: 'TLS 1.2 or 1.3 with AES-GCM or ChaCha20 is spoken here',
    about: 'agreement',
  },
  ALERT_PROTOCOL_VERSION: {
    reason: 'protocol-version',
    words: 'the client does not speak the version of TLS that we chose',
    about: 'agreement',
  },
  NO_SHARED_CIPHER: {
    reason: 'no-shared-cipher',
    words: 'the client offers no cipher that we take, or none for the kind of our key',
    hint: 'a client with RSA suites only needs a certificate with an RSA key; CBC suites are not taken',
    about: 'agreement',
  },
  UNSUPPORTED_PROTOCOL: {
    reason: 'unsupported-protocol',
    words: 'the client speaks TLS 1.1 or older only',
    hint: 'it needs newer software; devices speak TLS 1.2',
    about: 'agreement',
  },
  NO_SUITABLE_KEY_SHARE: {
    reason: 'no-shared-curve',
    words: 'the client offers no curve that we take (X25519, P-256, P-384)',
    about: 'agreement',
  },
  NO_SUITABLE_SIGNATURE_ALGORITHM: {
    reason: 'no-shared-signature',
    words: 'the client takes no signature that our key can make',
    hint: 'serve a P-256 or RSA 2048 certificate',
    about: 'agreement',
  },
  NO_APPLICATION_PROTOCOL: {
    reason: 'no-shared-alpn',
    words: 'the client wants another protocol than HTTP/1.1 on this connection (ALPN)',
    about: 'agreement',
  },
  HTTP_REQUEST: {
    reason: 'http-request',
    words: 'the client speaks plain HTTP on the port for https',
    hint: 'an address with http:// and the port of https was given to it',
    about: 'agreement',
  },
  HTTPS_PROXY_REQUEST: {
    reason: 'proxy-request',
    words: 'the client takes us for a proxy (CONNECT)',
    about: 'noise',
  },
  WRONG_VERSION_NUMBER: {
    reason: 'not-tls',
    words: 'what the client sent is no TLS: another protocol on this port, such as MQTT, SSH or a PROXY header',
    about: 'noise',
  },
  ALERT_USER_CANCELLED: {
    reason: 'cancelled',
    words: 'the client changed its mind',
    about: 'noise',
  },
  ECONNRESET: {
    reason: 'gone',
    words: 'the client went away in the middle of the handshake: scanners do; a device does where its memory ran out',
    about: 'noise',
  },
  ERR_TLS_HANDSHAKE_TIMEOUT: {
    reason: 'timeout',
    words: 'the client did not finish the handshake in time: a dead line, or a device that reset in the middle of it',
    about: 'noise',
  },
});

// What OpenSSL names differently where it means the same.
const SAME: ReadonlyMap<string, string> = mapOf({
  NO_SHARED_GROUPS: 'NO_SUITABLE_KEY_SHARE',
  NO_SHARED_SIGNATURE_ALGORITHMS: 'NO_SUITABLE_SIGNATURE_ALGORITHM',
  NO_PROTOCOLS_AVAILABLE: 'UNSUPPORTED_PROTOCOL',
  UNKNOWN_PROTOCOL: 'WRONG_VERSION_NUMBER',
  EPIPE: 'ECONNRESET',
  ETIMEDOUT: 'ERR_TLS_HANDSHAKE_TIMEOUT',
});

/** What an error of a server's handshake means (`tlsClientError`). Pure; any value is taken, nothing is thrown. */
export function describeTlsError(error: unknown): TlsFailure {
  // ERR_SSL_TLSV1_ALERT_UNKNOWN_CA, ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE, and ERR_SSL_SSLV3_ALERT_… before OpenSSL 3.2.
  const name = errorCode(error)
    .replace(/^ERR_SSL_/, '')
    .replace(/^(SSLV3|SSL\/TLS|TLSV1|TLSV13)_(?=ALERT_)/, '');
  const known = KNOWN.get(SAME.get(name) ?? name);
  if (known !== undefined) return known;
  const reason = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
  return { reason, words: `the handshake failed: ${reason.replaceAll('-', ' ')}`, about: 'noise' };
}

function mapOf<T>(entries: Record<string, T>): ReadonlyMap<string, T> {
  return new Map(Object.entries(entries));
}
