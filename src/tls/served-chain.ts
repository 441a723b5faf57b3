// Owns a served chain as a device meets it: which certificates it can use, and what they weigh in the handshake.
import type { X509Certificate } from 'node:crypto';

/** TLS 1.2 record and handshake message headers (RFC 5246 sections 6.2.1 and 7.4). */
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const LENGTH = 3;
// ServerHello, ServerHelloDone, ChangeCipherSpec and Finished, and the curve point of ServerKeyExchange, as OpenSSL
// sends them to a client that offers neither ALPN nor tickets.
const FIXED = 206;

/**
 * The path that mbedTLS finds from the leaf up: the issuer of a certificate is looked for behind it only
 * (`x509_crt_find_parent` in x509_crt.c). Its last certificate has to be issued by a root that the device carries.
 */
export function devicePath(chain: readonly X509Certificate[]): X509Certificate[] {
  const path: X509Certificate[] = [];
  let at = 0;
  for (let next = chain[0]; next !== undefined; ) {
    const current = next;
    path.push(current);
    const parent: number = chain.findIndex((candidate, index) => index > at && issued(candidate, current));
    at = parent;
    next = parent < 0 ? undefined : chain[parent];
  }
  return path;
}

/** The certificates that lead up from the leaf, in whatever order they are served. */
export function anyOrderPath(chain: readonly X509Certificate[]): X509Certificate[] {
  const path: X509Certificate[] = [];
  const left = [...chain.slice(1)];
  for (let current = chain[0]; current !== undefined; ) {
    const child: X509Certificate = current;
    path.push(child);
    const parent = left.findIndex((candidate) => issued(candidate, child));
    current = parent < 0 ? undefined : left.splice(parent, 1)[0];
  }
  return path;
}

/** Whether a certificate is signed by its own key: a root, or a leaf that nobody vouches for. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return issued(certificate, certificate);
}

function issued(issuer: X509Certificate, child: X509Certificate): boolean {
  return child.checkIssued(issuer) && child.verify(issuer.publicKey);
}

/** Bytes of all certificates, in DER. */
export function derBytes(chain: readonly X509Certificate[]): number {
  return chain.reduce((sum, { raw }) => sum + raw.length, 0);
}

/** Bytes of the Certificate message, which comes as one record: mbedTLS before 3.6.3 cannot put it together again. */
export function certificateMessageBytes(chain: readonly X509Certificate[]): number {
  return MESSAGE_HEADER + LENGTH + derBytes(chain) + LENGTH * chain.length;
}

/** About how many bytes a device receives before it can send its request, in a full TLS 1.2 handshake. */
export function handshakeBytes(chain: readonly X509Certificate[]): number {
  const leaf = chain[0];
  if (leaf === undefined) return 0;
  return FIXED + RECORD_HEADER + certificateMessageBytes(chain) + signatureBytes(leaf);
}

/** Of ServerKeyExchange: as long as an RSA key, or two numbers of the curve's size in DER. */
function signatureBytes({ publicKey }: X509Certificate): number {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined) return modulusLength / 8;
  return namedCurve === 'secp521r1' ? 139 : namedCurve === 'secp384r1' ? 104 : 72;
}
