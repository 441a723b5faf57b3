// Owns the certificates of the device tests: authorities, cross-signs and leaves, made anew for each run.

import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export type Identity = { name: string; key: string; cert: string };

type Keys = { public: forge.pki.rsa.PublicKey; private: forge.pki.rsa.PrivateKey; pem: string };

// Keys are the slow part, and nothing here depends on their being different.
const pool: Keys[] = [newKeys(), newKeys(), newKeys()];
let serial = 1;

function newKeys(): Keys {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const key = forge.pki.privateKeyFromPem(pem);
  return { private: key, public: forge.pki.setRsaPublicKey(key.n, key.e), pem };
}

function keysOf(index: number): Keys {
  return pool[index % pool.length] ?? newKeys();
}

export type Issue = {
  name: string;
  keys: number;
  issuer: { name: string; keys: number };
  ca?: boolean;
  hosts?: string[];
  ips?: string[];
  /** For clients only, by its extended key usage. */
  forClients?: boolean;
  /** Years from now until it ends; negative for one that has ended. */
  years?: number;
};

/** One certificate. The same name and keys under another issuer make a cross-sign. */
export function issue(wish: Issue): Identity {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keysOf(wish.keys).public;
  certificate.serialNumber = (serial++).toString(16).padStart(4, '0');
  const year = new Date().getFullYear();
  certificate.validity.notBefore = new Date(`${year - 5}-01-01T00:00:00Z`);
  certificate.validity.notAfter = new Date(`${year + (wish.years ?? 2)}-01-01T00:00:00Z`);
  certificate.setSubject([{ name: 'commonName', value: wish.name }]);
  certificate.setIssuer([{ name: 'commonName', value: wish.issuer.name }]);
  const names = [
    ...(wish.hosts ?? []).map((value) => ({ type: 2, value })),
    ...(wish.ips ?? []).map((ip) => ({ type: 7, ip })),
  ];
  certificate.setExtensions([
    { name: 'basicConstraints', cA: wish.ca ?? false },
    ...(names.length > 0 ? [{ name: 'subjectAltName', altNames: names }] : []),
    ...(wish.ca ? [] : [{ name: 'extKeyUsage', [wish.forClients ? 'clientAuth' : 'serverAuth']: true }]),
  ]);
  certificate.sign(keysOf(wish.issuer.keys).private, forge.md.sha256.create());
  return { name: wish.name, key: keysOf(wish.keys).pem, cert: forge.pki.certificateToPem(certificate) };
}

/** A root that signs itself. */
export function root(name: string, keys: number): Identity {
  return issue({ name, keys, issuer: { name, keys }, ca: true });
}
