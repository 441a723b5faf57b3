// Owns what an address says of who stands behind it, for the bounds that count by address.
import { networkOf } from '../tls/handshake-log.ts';
import type { Live } from './live.ts';

/** `shared`: many can stand behind it, so that a bound for one of them would hit all. */
export type Standing = 'lan' | 'shared' | 'stranger';

/** Of a normalised address; empty where it is not known. */
export function standingOf(
  address: string,
  { policy, isTrustedProxy }: Pick<Live, 'policy' | 'isTrustedProxy'>,
): Standing {
  if (address === '' || isTrustedProxy(address)) return 'shared';
  if (policy.isLan(address)) return 'lan';
  // Behind Docker's user-land proxy, or a tunnel client on the same machine, everybody arrives from one of these.
  if (address === '127.0.0.1' || address === '::1' || policy.view.ownGateways.includes(address)) return 'shared';
  return 'stranger';
}

/** What is counted as one address: an IPv6 client has 2^64 of them. */
export function countedAddress(address: string): string {
  return address.includes(':') ? networkOf(address) : address;
}
