// Owns ACME Renewal Information (RFC 9773): the identifier of a certificate, and the window that the CA suggests.
import { X509Certificate } from 'node:crypto';
import { axios, type Client } from 'acme-client';
import { authorityKeyId } from '../key-ids.ts';
import type { RenewalWindow } from './renewal.ts';
import { parseRetryAfter } from './transport.ts';

const DEFAULT_PAUSE_MS = 6 * 3_600_000;

export type RenewalInfo = { window: RenewalWindow; askAgainMs: number };

/** `base64url(AKI).base64url(serial)` (RFC 9773 section 4.1), or null for a certificate without an AKI. */
export function certificateId(certPem: string): string | null {
  const certificate = new X509Certificate(certPem);
  const keyId = Buffer.from(authorityKeyId(certificate), 'hex');
  if (keyId.length === 0) return null;
  // The serial is the content of a DER integer: a leading 00 where the first bit is set.
  const hex = certificate.serialNumber.toLowerCase();
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const serial = Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, 'hex');
  return `${keyId.toString('base64url')}.${serial.toString('base64url')}`;
}

/** What an order names as replaced: null where the CA has no renewal information, and the hint is not for it (section 5). */
export async function replacedId(client: Client, certPem: string): Promise<string | null> {
  return (await renewalInfoUrl(client)) === null ? null : certificateId(certPem);
}

/** The CA's window for a certificate, or null where the CA has none to give. An unauthenticated GET. */
export async function fetchRenewalInfo(client: Client, certPem: string, nowMs: number): Promise<RenewalInfo | null> {
  const id = certificateId(certPem);
  const base = await renewalInfoUrl(client);
  if (id === null || base === null) return null;
  const response = await axios.get(`${base.replace(/\/$/, '')}/${id}`);
  const window = readWindow(response.data);
  if (window === null) return null;
  const retryAfter = response.headers['retry-after'];
  const pause = typeof retryAfter === 'string' ? parseRetryAfter(retryAfter, nowMs) : null;
  // RFC 9773 section 4.3.2: reasonable bounds, between a minute and a day.
  return { window, askAgainMs: Math.min(86_400_000, Math.max(60_000, pause ?? DEFAULT_PAUSE_MS)) };
}

async function renewalInfoUrl(client: Client): Promise<string | null> {
  // The client keeps the directory; its types do not show it.
  const http: unknown = Reflect.get(client, 'http');
  if (typeof http !== 'object' || http === null || !('getDirectory' in http) || typeof http.getDirectory !== 'function')
    return null;
  const directory: unknown = await http.getDirectory();
  if (typeof directory !== 'object' || directory === null || !('renewalInfo' in directory)) return null;
  return typeof directory.renewalInfo === 'string' ? directory.renewalInfo : null;
}

function readWindow(data: unknown): RenewalWindow | null {
  if (typeof data !== 'object' || data === null || !('suggestedWindow' in data)) return null;
  const { suggestedWindow } = data;
  if (typeof suggestedWindow !== 'object' || suggestedWindow === null) return null;
  const startMs = Date.parse(String(Reflect.get(suggestedWindow, 'start')));
  const endMs = Date.parse(String(Reflect.get(suggestedWindow, 'end')));
  return Number.isNaN(startMs) || Number.isNaN(endMs) || endMs <= startMs ? null : { startMs, endMs };
}
