// Owns the signing of the small ACME server: certificate requests are read and verified, and answered with a chain.
import { createHash, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import forge from 'node-forge';
import { type Issued, issue } from '../tls/issue.ts';

export type CertificateRequest = { key: KeyObject; names: string[] };

export type Signed = {
  chainPem: string;
  /** What RFC 9773 section 4.1 calls it, made from what the CA knows. */
  id: string;
};

const SUBJECT_ALT_NAME = '2.5.29.17';

/** PKCS#10 in DER (RFC 2986). @throws {Error} where it is not signed by its own key */
export function readRequest(der: Buffer): CertificateRequest {
  const [info, , signature] = childrenOf(forge.asn1.fromDer(der.toString('latin1')));
  const key = createPublicKey({ key: derOf(childrenOf(info)[2]), format: 'der', type: 'spki' });
  const bits = derOf(signature);
  // Tag, length, and the octet that says how many bits are not used.
  const head = 3 + ((bits[1] ?? 0) < 0x80 ? 0 : (bits[1] ?? 0) & 0x7f);
  if (!verify('sha256', derOf(info), key, bits.subarray(head))) {
    throw new Error('the request is not signed by its own key');
  }
  return { key, names: namesIn(info) };
}

/** A root with an intermediate that signs for `hours`. */
export class SmallCa {
  readonly root: Issued = issue({ name: 'Small Root', ca: true });
  readonly #intermediate: Issued = issue({ name: 'Small Intermediate', ca: true, by: this.root });

  sign({ key, names }: CertificateRequest, hours: number): Signed {
    const serial = `00${(0x80 | randomBytes(1).readUInt8()).toString(16)}${randomBytes(15).toString('hex')}`;
    const { pem } = issue({
      name: names[0] ?? '',
      // The private half stays with whoever asks; nothing is signed with it here.
      keys: { public: key, private: this.#intermediate.keys.private },
      by: this.#intermediate,
      hosts: names,
      serial,
      from: new Date(Date.now() - 1_000),
      until: new Date(Date.now() + hours * 3_600_000),
    });
    const keyId = createHash('sha1')
      .update(this.#intermediate.keys.public.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
    return {
      chainPem: `${pem}${this.#intermediate.pem}`,
      id: `${keyId}.${Buffer.from(serial, 'hex').toString('base64url')}`,
    };
  }
}

function namesIn(at: forge.asn1.Asn1 | undefined): string[] {
  const children = childrenOf(at);
  const [oid, value] = children;
  const isNames =
    oid?.type === forge.asn1.Type.OID && !oid.constructed && forge.asn1.derToOid(textOf(oid)) === SUBJECT_ALT_NAME;
  if (!isNames) return children.flatMap(namesIn);
  return childrenOf(forge.asn1.fromDer(textOf(value))).map(textOf);
}

function childrenOf(at: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] {
  return Array.isArray(at?.value) ? at.value : [];
}

function textOf(at: forge.asn1.Asn1 | undefined): string {
  return typeof at?.value === 'string' ? at.value : '';
}

function derOf(at: forge.asn1.Asn1 | undefined): Buffer {
  return at === undefined ? Buffer.alloc(0) : Buffer.from(forge.asn1.toDer(at).getBytes(), 'latin1');
}
