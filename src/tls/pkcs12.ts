// Owns PKCS#12 files: key and chain out of one container, ECDSA too, which node-forge hands on as bare ASN.1.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import forge from 'node-forge';
import { errorText } from '../base/errors.ts';
import { refuse } from './chain.ts';

export type Pkcs12Source = { pkcs12: string; passphrase?: string };

/**
 * The leaf first, then its issuers as far as the file has them, and the leaf's key; both PEM.
 * @throws {GateError} TLS_MATERIAL naming the file and what is wrong with it
 */
export function readPkcs12({ pkcs12: file, passphrase = '' }: Pkcs12Source): { certPem: string; keyPem: string } {
  const container = open(file, passphrase);
  const key = keyIn(container, file);
  const chain = orderChain(certificatesIn(container), key);
  if (chain.length === 0) throw refuse(file, 'holds no certificate that belongs to its key');
  return {
    certPem: chain.map((certificate) => certificate.toString()).join(''),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function open(file: string, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(readFileSync(file).toString('binary'));
  } catch (error) {
    throw refuse(file, `cannot be read as PKCS#12 (${errorText(error)})`, error);
  }
  try {
    return decrypt(asn1, passphrase);
  } catch (error) {
    const given =
      passphrase === ''
        ? 'no passphrase was given (passphrase or passphraseFile)'
        : 'the passphrase is wrong, or the file is damaged';
    throw refuse(file, `cannot be opened: ${given}`, error);
  }
}

function decrypt(asn1: forge.asn1.Asn1, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, passphrase);
  } catch (error) {
    const utf8 = Buffer.from(passphrase).toString('latin1');
    if (utf8 === passphrase || !Array.isArray(asn1.value)) throw error;
    // Beyond ASCII the checksum over the file wants UTF-16 (RFC 7292 appendix B.1), AES wants UTF-8 (RFC 8018), and
    // node-forge takes one string for both: AES without the checksum, which says no more than that the key can be read.
    return forge.pkcs12.pkcs12FromAsn1({ ...asn1, value: asn1.value.slice(0, 2) }, false, utf8);
  }
}

function keyIn(container: forge.pkcs12.Pkcs12Pfx, file: string): KeyObject {
  const { pkcs8ShroudedKeyBag = '', keyBag = '' } = forge.pki.oids;
  const bags = [pkcs8ShroudedKeyBag, keyBag].flatMap((bagType) => container.getBags({ bagType })[bagType] ?? []);
  const bag = bags[0];
  if (bag === undefined) throw refuse(file, 'holds no private key');
  // An RSA key comes parsed, any other as its PKCS#8 structure.
  const der = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1;
  return createPrivateKey({
    key: Buffer.from(forge.asn1.toDer(der).getBytes(), 'binary'),
    format: 'der',
    type: 'pkcs8',
  });
}

function certificatesIn(container: forge.pkcs12.Pkcs12Pfx): X509Certificate[] {
  const { certBag = '' } = forge.pki.oids;
  return (container.getBags({ bagType: certBag })[certBag] ?? []).map((bag) => {
    const asn1 = bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1;
    return new X509Certificate(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary'));
  });
}

/** A container has no order: the leaf is the one with the key's other half, the rest follows by issuer. */
function orderChain(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = certificates.find((certificate) => certificate.checkPrivateKey(key));
  while (next !== undefined && !chain.includes(next)) {
    const current: X509Certificate = next;
    chain.push(current);
    next = certificates.find((candidate) => candidate !== current && current.checkIssued(candidate));
  }
  return chain;
}
