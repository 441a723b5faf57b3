// Owns the way from a name to the servers that are the authority for it: delegation by CNAME, zone cut, name servers.
import { Resolver } from 'node:dns/promises';
import { errorCode, type GateError } from '../../base/errors.ts';
import type { PropagationConfig } from '../../config/acme-config.ts';
import { dnsError } from './dns-error.ts';
import { plainName, selfAndParents } from './zone-names.ts';

export type NameServer = { name: string; addresses: string[] };
export type Authority = {
  /** Where the record really is: the end of the CNAMEs at the name asked for. */
  name: string;
  zone: string;
  servers: NameServer[];
};

const TRY_TIMEOUT_MS = 2_000;
const TRIES = 2;
const MAX_CNAMES = 8;
const MAX_SERVERS = 16;
const MAX_ADDRESSES = 8;

/**
 * The name that a challenge record is set under: the end of the CNAMEs at `_acme-challenge.…`, by which an operator
 * hands the challenge to another zone; the name itself where there is none.
 * @throws {GateError} DNS_FAILED
 */
export async function effectiveName(name: string, config: PropagationConfig, signal: AbortSignal): Promise<string> {
  const seen = [plainName(name)];
  for (;;) {
    const current = seen.at(-1) ?? name;
    const targets = await lookUp(current, 'CNAME', config, signal, (resolver) => resolver.resolveCname(current));
    const target = targets?.[0];
    if (target === undefined) return current;
    if (seen.includes(plainName(target)) || seen.length > MAX_CNAMES) {
      const text = `its CNAMEs lead ${seen.length > MAX_CNAMES ? 'too far' : 'in a circle'}: let it point to the target itself`;
      throw dnsError('DNS_FAILED', { provider: 'dns', name }, text);
    }
    seen.push(plainName(target));
  }
}

/**
 * Finds the zone's own name servers and their addresses.
 * @throws {GateError} DNS_FAILED, with `retry` where the resolvers did not answer
 */
export async function findAuthority(name: string, config: PropagationConfig, signal: AbortSignal): Promise<Authority> {
  const target = await effectiveName(name, config, signal);
  const zone = await zoneOf(target, config, signal);
  const names = (await lookUp(zone, 'NS', config, signal, (resolver) => resolver.resolveNs(zone))) ?? [];
  if (names.length === 0) {
    throw dnsError('DNS_FAILED', { provider: 'dns', name, zone }, 'the zone names no name servers (no NS records)');
  }
  const servers = names
    .sort()
    .slice(0, MAX_SERVERS)
    .map(async (server) => ({
      name: plainName(server),
      addresses: await addressesOf(server, config, signal),
    }));
  return { name: target, zone, servers: await Promise.all(servers) };
}

/** Asks one question of these servers (`address` or `address:port`; none: the system's), on a resolver of its own. */
export async function ask<T>(
  servers: readonly string[],
  signal: AbortSignal,
  query: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout: TRY_TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await query(resolver);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The closest name upwards that has an SOA record. */
async function zoneOf(name: string, config: PropagationConfig, signal: AbortSignal): Promise<string> {
  for (const candidate of selfAndParents(name, 1)) {
    const soa = await lookUp(candidate, 'SOA', config, signal, (resolver) => resolver.resolveSoa(candidate));
    if (soa !== null) return candidate;
  }
  const text = 'no zone was found for it: is the domain registered, and do its name servers know it?';
  throw dnsError('DNS_FAILED', { provider: 'dns', name }, text);
}

async function addressesOf(server: string, config: PropagationConfig, signal: AbortSignal): Promise<string[]> {
  const found = await Promise.all([
    lookUp(server, 'A', config, signal, (resolver) => resolver.resolve4(server)),
    lookUp(server, 'AAAA', config, signal, (resolver) => resolver.resolve6(server)),
  ]);
  return found.flatMap((addresses) => addresses ?? []).slice(0, MAX_ADDRESSES);
}

/** What the resolvers answer; null where there is no such name or no such record. */
async function lookUp<T>(
  name: string,
  type: string,
  config: PropagationConfig,
  signal: AbortSignal,
  query: (resolver: Resolver) => Promise<T>,
): Promise<T | null> {
  try {
    return await ask(config.resolvers, signal, query);
  } catch (error) {
    signal.throwIfAborted();
    const code = errorCode(error);
    if (code === 'ENOTFOUND' || code === 'ENODATA') return null;
    throw lookUpError(name, type, code, config);
  }
}

function lookUpError(name: string, type: string, code: string, config: PropagationConfig): GateError {
  const who = config.resolvers.length === 0 ? "the system's resolvers" : config.resolvers.join(', ');
  const text = `the lookup of its ${type} record at ${who} failed (${code}): check this machine's DNS, or set \`propagation.resolvers\``;
  return dnsError('DNS_FAILED', { provider: 'dns', name }, text, { retry: true });
}
