// Owns challenge records at Cloudflare: API v4 with an API token.
import { z } from 'zod';
import type { GateError } from '../../base/errors.ts';
import type { DnsConfig } from '../../config/acme-config.ts';
import { callApi, readAnswer } from './api-call.ts';
import { type DnsTask, dnsError, quoted } from './dns-error.ts';
import type { DnsProvider, TxtRecord } from './txt-record.ts';
import { plainName, selfAndParents } from './zone-names.ts';

type CloudflareConfig = Extract<DnsConfig, { provider: 'cloudflare' }>;
type Call = { method: 'GET' | 'POST' | 'DELETE'; path: string; query?: Record<string, string>; body?: unknown };
type Session = { config: CloudflareConfig; signal: AbortSignal };

const ENDPOINT = 'https://api.cloudflare.com/client/v4';
const TTL_SECONDS = 60; // the least that every plan takes

const fault = z.object({ code: z.number(), message: z.string().default('') });
const envelope = z.object({
  success: z.boolean(),
  errors: z.array(fault.extend({ error_chain: z.array(fault).optional() })).nullish(),
  result: z.unknown(),
});
const zoneList = z.array(z.object({ id: z.string(), name: z.string() }));
const recordList = z.array(z.object({ id: z.string(), content: z.string() }));

const ALREADY_THERE = [81057, 81058];
const ALREADY_GONE = [81044];

const REFUSALS: Readonly<Record<number, string>> = {
  1000: 'the token is not valid: make a new one with the template "Edit zone DNS"',
  6003: '`apiToken` does not have the form of an API token: the Global API Key is something else; make a token with the template "Edit zone DNS"',
  9109: 'the token is not valid, or may not be used from this address: look at it under My Profile, API Tokens',
  10000: 'the token may not do this: it needs Zone Read and DNS Edit for this zone',
};

/** Challenge records at Cloudflare. The token needs Zone Read and DNS Edit for the zone. */
export function cloudflareProvider(config: CloudflareConfig): DnsProvider {
  return {
    present: (record, signal) => present({ config, signal }, record),
    cleanup: (record, signal) => cleanup({ config, signal }, record),
  };
}

async function present(session: Session, record: TxtRecord): Promise<void> {
  const { task, path } = await findZone(session, record);
  // Cloudflare keeps TXT data as in a zone file: in quotes.
  const body = { type: 'TXT', name: record.name, content: `"${record.value}"`, ttl: TTL_SECONDS };
  await send(session, task, { method: 'POST', path, body }, ALREADY_THERE);
}

async function cleanup(session: Session, record: TxtRecord): Promise<void> {
  const { task, path } = await findZone(session, record);
  const query = { type: 'TXT', name: plainName(record.name), per_page: '100' };
  const records = readAnswer(task, recordList, await send(session, task, { method: 'GET', path, query }));
  for (const { id } of records.filter(({ content }) => unquoted(content) === record.value)) {
    await send(session, task, { method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` }, ALREADY_GONE);
  }
}

/** The closest zone that the token can see, by asking for the name and each name above it. */
async function findZone(session: Session, record: TxtRecord): Promise<{ task: DnsTask; path: string }> {
  const task: DnsTask = { provider: 'cloudflare', name: record.name };
  for (const name of selfAndParents(record.name, 2)) {
    const zones = readAnswer(
      task,
      zoneList,
      await send(session, task, { method: 'GET', path: '/zones', query: { name } }),
    );
    const zone = zones.find((candidate) => plainName(candidate.name) === name);
    if (zone !== undefined) {
      return { task: { ...task, zone: name }, path: `/zones/${encodeURIComponent(zone.id)}/dns_records` };
    }
  }
  const text =
    'the token sees no zone for this name: is the domain in this account, and does the token have Zone Read for it?';
  throw dnsError('DNS_FAILED', task, text);
}

/** Calls the API; gives its `result`, or null where it answered with one of the codes in `accepted`. */
async function send(session: Session, task: DnsTask, call: Call, accepted: readonly number[] = []): Promise<unknown> {
  const { config, signal } = session;
  const url = new URL(`${(config.endpoint ?? ENDPOINT).replace(/\/+$/, '')}${call.path}`);
  for (const [key, value] of Object.entries(call.query ?? {})) url.searchParams.set(key, value);
  const headers = { authorization: `Bearer ${config.apiToken}`, 'content-type': 'application/json' };
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  const answer = await callApi({ task, signal, build: () => ({ method: call.method, url, headers, ...body }) });
  const read = envelope.safeParse(answer.body);
  if (read.success && read.data.success) return read.data.result;
  const errors = (read.success ? read.data.errors : null) ?? [];
  if (errors.some(({ code }) => accepted.includes(code))) return null;
  throw refusal(config, task, answer.status, errors);
}

function refusal(
  config: CloudflareConfig,
  task: DnsTask,
  status: number,
  errors: readonly z.infer<typeof fault>[],
): GateError {
  const known = errors.map(({ code }) => [code, REFUSALS[code]] as const).find(([, text]) => text !== undefined);
  if (known !== undefined) return dnsError('DNS_REFUSED', task, `${known[1]} (error ${known[0]})`);
  const said = errors.map(({ code, message }) => `${quoted(message, [config.apiToken])} (error ${code})`).join(', ');
  const text = `the API answered ${status}${said === '' ? '' : `: ${said}`}`;
  return status === 401 || status === 403
    ? dnsError('DNS_REFUSED', task, `${text}; the token needs Zone Read and DNS Edit for this zone`)
    : dnsError('DNS_FAILED', task, `${text}; look the code up in Cloudflare's API documentation`);
}

function unquoted(content: string): string {
  return content.replace(/^"(.*)"$/, '$1');
}
