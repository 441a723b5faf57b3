// Owns which domains a certificate authority is asked for, and why the others are left to the local CA.
import type { AcmeConfig } from './acme-config.ts';
import type { Config } from './config.ts';
import { readIp } from './networks.ts';
import { isLoopback } from './web-address.ts';

/** What decides whether a name can be ordered. */
export type Authority = Pick<AcmeConfig, 'directory' | 'challenge' | 'caFile'>;

// RFC 6761, 6762, 7686, 8375 and 9476, and what routers and companies use without asking anyone.
const LOCAL_ENDINGS = [
  'local',
  'lan',
  'internal',
  'home',
  'home.arpa',
  'corp',
  'private',
  'localdomain',
  'localhost',
  'test',
  'invalid',
  'example',
  'onion',
  'alt',
];

/** The domains of a configuration that ACME orders certificates for, one order each; none where ACME is off. */
export function acmeNames({ domains, tls: { acme } }: Config): string[] {
  return acme === null ? [] : domains.filter((domain) => notOrdered(domain, acme) === null);
}

/** Why a domain is not ordered, as a phrase that continues `is …`; null where it is. */
export function notOrdered(domain: string, authority: Authority): string | null {
  const ip = readIp(domain);
  // An authority of one's own can sign what is one's own; an address is proved over http-01 alone (RFC 8738).
  const own = isOwn(authority);
  if (ip !== undefined) {
    if (ip.range() === 'unicast' || (own && authority.challenge === 'http-01')) return null;
    return 'an address that nobody outside can reach';
  }
  return isLocalName(domain) && !own ? 'a name that only the local network knows' : null;
}

/** Whether nobody but the local network can know the name. */
function isLocalName(domain: string): boolean {
  const name = domain.replace(/^\*\./, '');
  return !name.includes('.') || LOCAL_ENDINGS.some((ending) => name.endsWith(`.${ending}`));
}

/** Whether the authority is of the operator's own: a local address or name, or trusted by a file of roots alone. */
function isOwn({ directory, caFile }: Authority): boolean {
  if (caFile !== null) return true;
  const host = URL.parse(directory)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  const ip = readIp(host);
  return isLoopback(host) || (ip === undefined ? isLocalName(host) : ip.range() !== 'unicast');
}

/** Whether a directory is one of Let’s Encrypt’s. */
export function isLetsEncrypt(directory: string): boolean {
  return URL.parse(directory)?.hostname.endsWith('.api.letsencrypt.org') ?? false;
}
