// Owns the choice of a certificate by the name that a client asks for (SNI).
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
  const wildcard = `*${name.slice(name.indexOf('.'))}`;
  return (
    certificates.find((certificate) => certificate.names.includes(name)) ??
    (name.includes('.') ? certificates.find((certificate) => certificate.names.includes(wildcard)) : undefined) ??
    certificates[0]
  );
}
