// Owns certificates for tests with any kind of key: node-forge lays them out, and Node's own crypto signs them.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import forge from 'node-forge';

export type KeyKind = 'p256' | 'p384' | 'p521' | 'rsa1024' | 'rsa2048' | 'rsa4096' | 'ed25519';

export type Issued = { name: string; pem: string; keyPem: string; keys: Keys };

type Keys = { public: KeyObject; private: KeyObject };

export type Wish = {
  name: string;
  key?: KeyKind;
  /** In place of fresh keys: the same name and keys under another issuer make a cross-sign. */
  keys?: Keys;
  /** Absent: signed by itself. */
  by?: Issued;
  ca?: boolean;
  hosts?: string[];
  hash?: 'sha256' | 'sha384' | 'sha1';
  /** Says where its issuer is to be had, as public authorities do. */
  namesIssuer?: boolean;
  /** False: does not say which key signed it. */
  authorityKeyId?: false;
  /** Hex of the whole integer: a first bit that is set needs a 00 before it. */
  serial?: string;
  from?: Date;
  until?: Date;
};

const { asn1 } = forge;
const SIGNATURES: Record<string, string> = {
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa sha256': '1.2.840.113549.1.1.11',
  'rsa sha384': '1.2.840.113549.1.1.12',
  'ec sha1': '1.2.840.10045.4.1',
  'ec sha256': '1.2.840.10045.4.3.2',
  'ec sha384': '1.2.840.10045.4.3.3',
  'ed25519 sha256': '1.3.101.112',
};
// node-forge lays out RSA certificates only: this key stands in until the real one takes its place.
const standIn = forge.pki.setRsaPublicKey(
  new forge.jsbn.BigInteger('c0ffee', 16),
  new forge.jsbn.BigInteger('10001', 16),
);
const made = new Map<KeyKind, Keys>();
let serial = 1;

/** One certificate, valid from yesterday for a year unless said. */
export function issue(wish: Wish): Issued {
  const keys = wish.keys ?? newKeys(wish.key ?? 'p256');
  const signer = wish.by?.keys ?? keys;
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = standIn;
  certificate.serialNumber = wish.serial ?? (serial++).toString(16).padStart(4, '0');
  certificate.validity.notBefore = wish.from ?? new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = wish.until ?? new Date(Date.now() + 365 * 86_400_000);
  certificate.setSubject([{ name: 'commonName', value: wish.name }]);
  certificate.setIssuer([{ name: 'commonName', value: wish.by?.name ?? wish.name }]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: wish.ca ?? false, critical: true },
    { id: '2.5.29.14', value: asn1.toDer(octets(keyId(keys))).getBytes() },
    ...(wish.authorityKeyId === false ? [] : [{ name: 'authorityKeyIdentifier', keyIdentifier: keyId(signer) }]),
    ...(wish.ca ? [] : [{ name: 'extKeyUsage', serverAuth: true }]),
    ...(wish.hosts ? [{ name: 'subjectAltName', altNames: wish.hosts.map((value) => ({ type: 2, value })) }] : []),
    ...(wish.namesIssuer ? [{ id: '1.3.6.1.5.5.7.1.1', value: asn1.toDer(issuersPlace()).getBytes() }] : []),
  ]);
  const hash = wish.hash ?? 'sha256';
  const algorithm = algorithmOf(signer, hash);
  certificate.signatureOid = algorithm.oid;
  certificate.siginfo.algorithmOid = algorithm.oid;
  certificate.signature = '';
  const [tbs = octets('')] = forge.pki.certificateToAsn1(certificate).value as forge.asn1.Asn1[];
  const fields = tbs.value as forge.asn1.Asn1[];
  fields[2] = algorithm.der;
  fields[6] = asn1.fromDer(keys.public.export({ type: 'spki', format: 'der' }).toString('latin1'));
  const bytes = Buffer.from(asn1.toDer(tbs).getBytes(), 'latin1');
  const signature = sign(algorithm.oid === SIGNATURES['ed25519 sha256'] ? null : hash, bytes, signer.private);
  const bits = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, `\0${signature.toString('latin1')}`);
  const der = Buffer.from(asn1.toDer(sequence(tbs, algorithm.der, bits)).getBytes(), 'latin1');
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    name: wish.name,
    pem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    keyPem: keys.private.export({ type: 'pkcs8', format: 'pem' }).toString(),
    keys,
  };
}

/** Fresh elliptic keys; one RSA pair for each size, since those take their time. */
function newKeys(kind: KeyKind): Keys {
  const kept = made.get(kind);
  if (kept !== undefined) return kept;
  const pair = generate(kind);
  const keys = { public: pair.publicKey, private: pair.privateKey };
  if (kind.startsWith('rsa')) made.set(kind, keys);
  return keys;
}

function generate(kind: KeyKind) {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  if (kind.startsWith('rsa')) return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(3)) });
  return generateKeyPairSync('ec', { namedCurve: `P-${kind.slice(1)}` });
}

function algorithmOf({ private: key }: Keys, hash: string): { oid: string; der: forge.asn1.Asn1 } {
  const oid = SIGNATURES[`${key.asymmetricKeyType} ${hash}`] ?? SIGNATURES['ed25519 sha256'] ?? '';
  const none = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, '');
  return { oid, der: sequence(identifier(oid), ...(key.asymmetricKeyType === 'rsa' ? [none] : [])) };
}

function keyId({ public: key }: Keys): string {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('latin1');
}

/** AuthorityInfoAccess with one place for the issuer (RFC 5280 section 4.2.2.1). */
function issuersPlace(): forge.asn1.Asn1 {
  const url = asn1.create(asn1.Class.CONTEXT_SPECIFIC, 6 as forge.asn1.Type, false, 'http://ca.example.com/ca.der');
  return sequence(sequence(identifier('1.3.6.1.5.5.7.48.2'), url));
}

function identifier(oid: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(oid).getBytes());
}

function octets(value: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, value);
}

function sequence(...parts: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}
