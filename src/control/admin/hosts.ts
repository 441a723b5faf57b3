// Owns the question whether a Host header names the admin interface: a foreign name that was made to resolve to this
// machine (DNS rebinding) gives a page of that name our origin, and with it our answers.
import { covers } from '../../config/host-names.ts';
import { normaliseAddress } from '../../policy/networks.ts';

export type OwnNames = {
  /** Names of the configuration; a wildcard takes in one label. */
  domains: readonly string[];
  /** Where the connection came in, and where we listen. */
  addresses: readonly (string | undefined)[];
};

const LOCAL = ['localhost', '127.0.0.1', '::1'];

/** With any port, since a port is not what a name resolves to. An address that is ours cannot be rebound. */
export function isOwnHost(header: string | undefined, { domains, addresses }: OwnNames): boolean {
  const host = hostOf(header);
  if (host === null) return false;
  const address = normaliseAddress(host);
  if (address !== '' && addresses.some((own) => normaliseAddress(own) === address)) return true;
  return LOCAL.includes(address || host) || domains.some((domain) => covers(domain, address || host));
}

/** The name without port, brackets and a last dot, in lower case. */
function hostOf(header: string | undefined): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:\s/?#@[\]]+))(?::\d{1,5})?$/i.exec(header ?? '');
  const host = (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, '');
  return host === undefined || host === '' ? null : host;
}
