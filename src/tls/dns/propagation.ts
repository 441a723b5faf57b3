// Owns the wait until a challenge record is to be seen at all name servers of its zone (RFC 8555 section 8.4).
import { isIPv6 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode, GateError } from '../../base/errors.ts';
import type { PropagationConfig } from '../../config/acme-config.ts';
import { type Authority, ask, findAuthority, type NameServer } from './authority.ts';
import { dnsError } from './dns-error.ts';
import type { TxtRecord } from './txt-record.ts';

/** How one name server stands. `silent`: none of its addresses answered at all. */
type Sight = { server: string; state: 'has-it' | 'lacks-it' | 'silent'; answer: string };

export type PropagationOptions = {
  /** The port that name servers listen on. */
  authorityPort?: number;
};

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;

// What c-ares says where a server could not be reached, as against what a server said.
const SILENT = ['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED', 'EDESTRUCTION'];

const ANSWERS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such name',
  ENODATA: 'no TXT record',
  EREFUSED: 'refused to answer: it does not serve this zone',
  ESERVFAIL: 'a failure of its own (SERVFAIL)',
  ETIMEOUT: 'no answer',
  ECONNREFUSED: 'no answer',
  ECANCELLED: 'no answer',
};

/**
 * Waits until every name server of the zone has the record's value, asking each one directly, so that no cache between
 * can hide a record that is missing, or keep on missing one that is there. A server with several addresses has it when
 * those of its addresses that answer have it: a machine without IPv6 reaches only some.
 * @throws {GateError} DNS_TIMEOUT naming the servers that lack it and what they answered; DNS_FAILED where the zone or
 *   its servers cannot be found; the signal's reason where it is aborted
 */
export async function waitForRecord(
  record: TxtRecord,
  config: PropagationConfig,
  signal: AbortSignal,
  options: PropagationOptions = {},
): Promise<void> {
  const end = performance.now() + config.timeoutMs;
  const timeout = AbortSignal.timeout(config.timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  let authority: Authority | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let missing: GateError = notFoundInTime(record);
  for (;;) {
    try {
      authority ??= await findAuthority(record.name, config, either);
      const found = authority;
      const sights = await Promise.all(
        found.servers.map((server) => look(server, found.name, record.value, either, options)),
      );
      if (sights.every(({ state }) => state === 'has-it')) return;
      // A round that the end of the time cut off says less than the one before it.
      if (!timeout.aborted || missing.facts.servers === undefined) missing = notVisible(record, found, sights, config);
    } catch (error) {
      signal.throwIfAborted();
      if (!timeout.aborted) {
        if (!(error instanceof GateError) || !error.retry) throw error;
        missing = error;
      }
    }
    signal.throwIfAborted();
    const leftMs = end - performance.now();
    if (leftMs <= 0 || timeout.aborted) throw missing;
    await pause(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => signal.throwIfAborted());
    pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS);
  }
}

async function look(
  server: NameServer,
  name: string,
  value: string,
  signal: AbortSignal,
  options: PropagationOptions,
): Promise<Sight> {
  if (server.addresses.length === 0) return { server: server.name, state: 'silent', answer: 'has no address' };
  const port = options.authorityPort ?? 53;
  const sights = await Promise.all(
    server.addresses.map((address) => lookAt(server.name, address, port, name, value, signal)),
  );
  const answered = sights.filter(({ state }) => state !== 'silent');
  const worst = answered.find(({ state }) => state === 'lacks-it') ?? answered[0] ?? sights[0];
  return worst ?? { server: server.name, state: 'silent', answer: 'has no address' };
}

async function lookAt(
  server: string,
  address: string,
  port: number,
  name: string,
  value: string,
  signal: AbortSignal,
): Promise<Sight> {
  const labelled = `${server} (${address})`;
  try {
    const target = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
    const records = await ask([target], signal, (resolver) => resolver.resolveTxt(name));
    // One record may come in several strings, which belong together (RFC 7208 section 3.3 says so for TXT at large).
    if (records.some((strings) => strings.join('') === value)) {
      return { server: labelled, state: 'has-it', answer: '' };
    }
    const count = `${records.length} other ${records.length === 1 ? 'value' : 'values'}`;
    return { server: labelled, state: 'lacks-it', answer: count };
  } catch (error) {
    const code = signal.aborted ? 'ECANCELLED' : errorCode(error);
    const state = SILENT.includes(code) ? 'silent' : 'lacks-it';
    return { server: labelled, state, answer: ANSWERS[code] ?? code };
  }
}

function notVisible(
  record: TxtRecord,
  authority: Authority,
  sights: readonly Sight[],
  config: PropagationConfig,
): GateError {
  const lacking = sights.filter(({ state }) => state !== 'has-it');
  const list = lacking.map(({ server, answer }) => `${server}: ${answer}`).join('; ');
  const delegated = authority.name === record.name ? '' : `, where it is a CNAME to ${authority.name}`;
  const within = `not to be seen at ${lacking.length} of ${sights.length} name servers within ${config.timeoutMs / 1000} s${delegated} (${list})`;
  const next = sights.every(({ state }) => state === 'silent')
    ? 'is port 53 (UDP and TCP) outwards open from here?'
    : 'raise `propagation.timeout` where the provider is slow, or mend these servers';
  const error = dnsError(
    'DNS_TIMEOUT',
    { provider: 'dns', name: record.name, zone: authority.zone },
    `${within}: ${next}`,
  );
  error.facts.servers = lacking.map(({ server }) => server).join(', ');
  return error;
}

function notFoundInTime(record: TxtRecord): GateError {
  const text =
    "the name servers of its zone were not found in time: check this machine's DNS, or set `propagation.resolvers`";
  return dnsError('DNS_TIMEOUT', { provider: 'dns', name: record.name }, text);
}
