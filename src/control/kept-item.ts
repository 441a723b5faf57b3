// Owns one certificate that is kept: what is known of it, and when it is due.
import { createHash, X509Certificate } from 'node:crypto';
import type { Obtained } from '../tls/acme/certificate-files.ts';
import { type RenewalWindow, renewalDueMs } from '../tls/acme/renewal.ts';

/** A name and a kind of key, the certificate that it has by now, and how its renewal stands. */
export type Item = {
  name: string;
  keyType: 'ecdsa' | 'rsa';
  obtained: Obtained | null;
  /** Whether it is served but could not be written yet: the order is paid for, and counts against the CA's limits. */
  unsaved: boolean;
  window: RenewalWindow | null;
  /** Monotonic times: a wall clock that jumps moves neither a pause nor a look at the CA's window. */
  askWindowAt: number;
  retryAt: number;
  failures: number;
  lastError: string | null;
};

/** One that nothing is known of yet but what was on disk. */
export function newItem(name: string, keyType: 'ecdsa' | 'rsa', obtained: Obtained | null): Item {
  return {
    name,
    keyType,
    obtained,
    unsaved: false,
    window: null,
    askWindowAt: 0,
    retryAt: 0,
    failures: 0,
    lastError: null,
  };
}

/** In milliseconds since the epoch. */
export function validity({ certPem }: Obtained): { notBeforeMs: number; notAfterMs: number } {
  const leaf = new X509Certificate(certPem);
  return { notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() };
}

/** When it is to be renewed, in milliseconds since the epoch. */
export function dueMs(item: Item, obtained: Obtained): number {
  // The same for one certificate at every look, and different for each: its own hash.
  const hash = createHash('sha256').update(obtained.certPem).digest();
  return renewalDueMs(validity(obtained), item.window, hash.readUInt32BE() / 2 ** 32);
}

const DAY_MS = 86_400_000;

/** What serves while there is no new certificate; `leftMs` of the old one, null where there is none. */
export function servingWords(leftMs: number | null): string {
  if (leftMs === null) return 'the local CA serves meanwhile';
  if (leftMs > 0) return `the old one serves for ${Math.floor(leftMs / DAY_MS)} more days`;
  return 'the old one HAS EXPIRED: browsers refuse it, devices do not look at the date';
}

/** What `otagate status` and `certs list` tell of a certificate that is kept. */
export type KeptCertificate = {
  name: string;
  keyType: 'ecdsa' | 'rsa';
  issuer: string | null;
  notAfter: string | null;
  renewalDue: string | null;
  failures: number;
  lastError: string | null;
  nextTryInSeconds: number | null;
};

export function statusOf(item: Item, monotonicMs: number): KeptCertificate {
  const { name, keyType, obtained, failures, lastError, retryAt } = item;
  return {
    name,
    keyType,
    issuer: obtained === null ? null : new X509Certificate(obtained.certPem).issuer.replaceAll('\n', ', '),
    notAfter: obtained === null ? null : new Date(validity(obtained).notAfterMs).toISOString(),
    renewalDue: obtained === null ? null : new Date(dueMs(item, obtained)).toISOString(),
    failures,
    lastError,
    nextTryInSeconds: failures === 0 ? null : Math.max(0, Math.round((retryAt - monotonicMs) / 1000)),
  };
}
