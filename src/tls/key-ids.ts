// Owns the key identifiers of a certificate: which key it has, and which key signed it (RFC 5280 section 4.2.1).
import type { X509Certificate } from 'node:crypto';

// DER of the two object identifiers, with tag and length.
const SUBJECT_KEY_ID = Buffer.from('0603551d0e', 'hex');
const AUTHORITY_KEY_ID = Buffer.from('0603551d23', 'hex');

const OCTETS = 0x04;
const SEQUENCE = 0x30;
const CONTEXT_0 = 0x80;

type Element = { tag: number; start: number; end: number };

/** The subject key identifier in hex, or an empty string where the certificate has none. */
export function subjectKeyId(certificate: Pick<X509Certificate, 'raw'>): string {
  const der = certificate.raw;
  const value = extension(der, SUBJECT_KEY_ID);
  return value?.tag === OCTETS ? der.toString('hex', value.start, value.end) : '';
}

/** The key identifier of the issuer in hex, or an empty string where the certificate does not say. */
export function authorityKeyId(certificate: Pick<X509Certificate, 'raw'>): string {
  const der = certificate.raw;
  const value = extension(der, AUTHORITY_KEY_ID);
  const id = value?.tag === SEQUENCE ? element(der, value.start) : undefined;
  return id?.tag === CONTEXT_0 ? der.toString('hex', id.start, id.end) : '';
}

/** What an extension holds: `SEQUENCE { OID, OCTET STRING { value } }`; these two are never critical. */
function extension(der: Buffer, oid: Buffer): Element | undefined {
  const at = der.indexOf(oid);
  if (at < 0) return undefined;
  const wrapped = element(der, at + oid.length);
  return wrapped?.tag === OCTETS ? element(der, wrapped.start) : undefined;
}

function element(der: Buffer, at: number): Element | undefined {
  const [tag, short] = [der[at], der[at + 1]];
  if (tag === undefined || short === undefined) return undefined;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  const start = at + 2 + lengthBytes;
  if (lengthBytes > 4 || start > der.length) return undefined;
  const end = start + (lengthBytes === 0 ? short : der.readUIntBE(at + 2, lengthBytes));
  return end > der.length ? undefined : { tag, start, end };
}
