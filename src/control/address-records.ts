// Owns the look at a domain's AAAA records: a CA asks by IPv6 first, and finds nothing where only IPv4 is listened on.
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Log } from '../base/log.ts';
import type { Config, Endpoint } from '../config/config.ts';
import type { Snapshot } from '../link/snapshot.ts';

export type LookUp6 = (name: string) => Promise<string[]>;

const resolver = new Resolver({ timeout: 2_000, tries: 1 });

/** The system's DNS, within two seconds. */
export const systemLookUp6: LookUp6 = (name) => resolver.resolve6(name);

/**
 * One sentence for each domain with an AAAA record on a machine that listens on IPv4 only. A name that cannot be looked
 * up here says nothing: a private DNS may hide it.
 */
export async function strayAddressRecords(
  domains: readonly string[],
  listen: { http: readonly Endpoint[]; https: readonly Endpoint[] },
  lookUp6: LookUp6 = systemLookUp6,
): Promise<string[]> {
  const endpoints = [...listen.http, ...listen.https];
  if (endpoints.length === 0 || endpoints.some(({ host }) => isIP(host) === 6)) return [];
  const names = domains.filter((domain) => isIP(domain) === 0 && !domain.startsWith('*.'));
  const found = await Promise.all(
    names.map(async (name) => {
      const addresses = await lookUp6(name).catch(() => []);
      const [first] = addresses;
      return first === undefined
        ? []
        : [
            `${name} has an AAAA record (${first}), but this gate listens on IPv4 only: certificate authorities and browsers try IPv6 first. Listen on "[::]:80" and "[::]:443", or remove the record`,
          ];
    }),
  );
  return found.flat();
}

/** Tells of them, where a CA would look. */
export async function tellStrayRecords(log: Log, { domains, tls }: Config, listen: Snapshot['listen']): Promise<void> {
  if (tls.acme === null) return;
  for (const text of await strayAddressRecords(domains, listen)) log.warn({ event: 'stray-aaaa' }, text);
}
