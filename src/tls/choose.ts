// Owns the choice of a certificate by the name that a client asks for (SNI).
import { covers as coversName } from '../config/host-names.ts';
import type { ServedCertificate } from '../link/snapshot.ts';

/**
 * The certificate for a server name: an exact name first, then a wildcard for one label (RFC 6125 section 6.4.3), else
 * the first of all. Clients without SNI, or with an address for a name, send an empty or unknown name.
 */
export function chooseCertificate<T extends Pick<ServedCertificate, 'names'>>(
  certificates: readonly T[],
  serverName: string,
): T | undefined {
  const name = serverName.toLowerCase();
  return (
    certificates.find(({ names }) => names.includes(name)) ??
    certificates.find(({ names }) => covers(names, name)) ??
    certificates[0]
  );
}

/** Whether names of a certificate cover a domain: itself, or a wildcard for its first label. */
export function covers(names: readonly string[], domain: string): boolean {
  return names.some((name) => coversName(name, domain));
}
