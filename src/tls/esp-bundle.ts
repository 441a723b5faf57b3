// Owns the question whether a root is one that ESP-IDF's certificate bundle carries, and since when.
import { createHash, type X509Certificate } from 'node:crypto';
import { BUNDLE_LISTS, BUNDLE_ROOTS } from './esp-roots.ts';
import { authorityKeyId, subjectKeyId } from './key-ids.ts';

/** Mozilla's list of roots at one date. Firmware carries the one that its ESP-IDF had when it was built. */
export type BundleList = { date: string; source: string };

export type BundleRoot = {
  /** As Node writes it, on one line. */
  subject: string;
  /** `rsa-4096`, `ec-secp384r1`. */
  key: string;
  /** Subject key identifier in hex; empty where the root has none. */
  keyId: string;
  /** SHA-256 of the public key (SPKI), in hex. */
  spkiSha256: string;
  /** For each list, in the order of `lists`: whether the root is on it. */
  on: boolean[];
};

export type EspBundle = {
  /** From the oldest to the newest. */
  lists: readonly BundleList[];
  /** A device finds an issuer by its name. */
  bySubject: ReadonlyMap<string, readonly BundleRoot[]>;
};

let parsed: EspBundle | undefined;

/** The bundle as `scripts/esp-bundle.ts` recorded it. Parsed once. */
export function espBundle(): EspBundle {
  parsed ??= bundleOf(BUNDLE_LISTS, BUNDLE_ROOTS.trim().split('\n').map(readLine));
  return parsed;
}

/** A bundle of these roots. */
export function bundleOf(lists: readonly BundleList[], roots: readonly BundleRoot[]): EspBundle {
  return { lists, bySubject: Map.groupBy(roots, ({ subject }) => subject) };
}

/** What a bundle keeps of a root: less than the certificate, and enough to find it and to tell it from its namesakes. */
export function bundleRoot(certificate: X509Certificate, on: boolean[]): BundleRoot {
  return {
    subject: oneLine(certificate.subject),
    key: keyName(certificate),
    keyId: subjectKeyId(certificate),
    spkiSha256: spkiSha256(certificate),
    on,
  };
}

/** The root that issued this certificate, by name and, where both sides tell it, by key identifier. */
export function issuerIn(bundle: EspBundle, certificate: X509Certificate): BundleRoot | undefined {
  const keyId = authorityKeyId(certificate);
  return bundle.bySubject
    .get(oneLine(certificate.issuer))
    ?.find((root) => root.keyId === '' || keyId === '' || root.keyId === keyId);
}

/** The root with this certificate's own name and key: the same root, or what a cross-sign stands for. */
export function sameKeyIn(bundle: EspBundle, certificate: X509Certificate): BundleRoot | undefined {
  const hash = spkiSha256(certificate);
  return bundle.bySubject.get(oneLine(certificate.subject))?.find((root) => root.spkiSha256 === hash);
}

/** One root as a line of `esp-roots.ts`. */
export function writeLine({ on, key, keyId, spkiSha256: hash, subject }: BundleRoot): string {
  return [on.map((here) => (here ? 'x' : '-')).join(''), key, keyId || '-', hash, subject].join(' ');
}

function readLine(line: string): BundleRoot {
  const [on = '', key = '', keyId = '', hash = '', ...subject] = line.split(' ');
  return {
    on: [...on].map((mark) => mark === 'x'),
    key,
    keyId: keyId === '-' ? '' : keyId,
    spkiSha256: hash,
    subject: subject.join(' '),
  };
}

/** `rsa-2048`, `ec-prime256v1`, `ed25519`. */
export function keyName({ publicKey }: Pick<X509Certificate, 'publicKey'>): string {
  const detail = publicKey.asymmetricKeyDetails?.modulusLength ?? publicKey.asymmetricKeyDetails?.namedCurve;
  return detail === undefined ? (publicKey.asymmetricKeyType ?? 'unknown') : `${publicKey.asymmetricKeyType}-${detail}`;
}

/** The last, most telling part of a name: `ISRG Root X1` of `C=US, O=…, CN=ISRG Root X1`. */
export function shortName(name: string): string {
  const parts = name.split(/\n|, (?=[A-Za-z]+=)/);
  const telling = parts.find((part) => part.startsWith('CN=')) ?? parts.findLast((part) => /^OU?=/.test(part));
  return telling?.replace(/^[^=]+=/, '') ?? name;
}

function spkiSha256({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}
