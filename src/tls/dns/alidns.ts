// Owns challenge records at Alibaba Cloud DNS: the RPC API of 2015-01-09, with signature version 1.0.
import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { GateError } from '../../base/errors.ts';
import type { DnsConfig } from '../../config/acme-config.ts';
import { callApi, readAnswer } from './api-call.ts';
import { type DnsTask, dnsError, quoted } from './dns-error.ts';
import type { DnsProvider, TxtRecord } from './txt-record.ts';
import { nameInZone, plainName, selfAndParents } from './zone-names.ts';

type AlidnsConfig = Extract<DnsConfig, { provider: 'alidns' }>;
type Session = { config: AlidnsConfig; clock: Clock; signal: AbortSignal };
type Parameters = Record<string, string>;

const ENDPOINT = 'https://alidns.aliyuncs.com/';

const failed = z.object({ Code: z.string(), Message: z.string().default('') });
const domainList = z.object({
  Domains: z.object({ Domain: z.array(z.object({ DomainName: z.string(), PunyCode: z.string().optional() })) }),
});
const recordList = z.object({
  DomainRecords: z.object({ Record: z.array(z.object({ RecordId: z.string(), Type: z.string(), Value: z.string() })) }),
});

const ALREADY_THERE = ['DomainRecordDuplicate'];
// What the API says of a record that no longer exists.
const ALREADY_GONE = ['DomainRecordNotBelongToUser'];

const REFUSALS: readonly [RegExp, string][] = [
  [/^InvalidAccessKeyId/, '`accessKeyId` is unknown or switched off: look at it in the RAM console'],
  [/^(SignatureDoesNotMatch|IncompleteSignature)/, '`accessKeySecret` is not the one of this access key'],
  [/^InvalidTimeStamp/, 'the clock of this machine is wrong: set it by NTP'],
  [
    /^(Forbidden|NoPermission|UnauthorizedOperation|IncorrectDomainUser)/,
    'the access key may not do this: give its RAM user AliyunDNSFullAccess, or the actions DescribeDomains, DescribeSubDomainRecords, AddDomainRecord and DeleteDomainRecord',
  ],
];

/** Challenge records at Alibaba Cloud DNS (Aliyun). */
export function alidnsProvider(config: AlidnsConfig, clock: Clock): DnsProvider {
  return {
    present: (record, signal) => present({ config, clock, signal }, record),
    cleanup: (record, signal) => cleanup({ config, clock, signal }, record),
  };
}

async function present(session: Session, record: TxtRecord): Promise<void> {
  const { task, zone } = await findZone(session, record);
  // No TTL: the default, 600 s, is the least that every edition takes.
  const RR = nameInZone(record.name, zone);
  const parameters = { Action: 'AddDomainRecord', DomainName: zone, RR, Type: 'TXT', Value: record.value };
  await send(session, task, parameters, ALREADY_THERE);
}

async function cleanup(session: Session, record: TxtRecord): Promise<void> {
  const { task, zone } = await findZone(session, record);
  const place = { SubDomain: plainName(record.name), DomainName: zone, Type: 'TXT', PageSize: '500' };
  const found = await send(session, task, { Action: 'DescribeSubDomainRecords', ...place });
  for (const { RecordId, Value, Type } of readAnswer(task, recordList, found).DomainRecords.Record) {
    if (Type !== 'TXT' || Value !== record.value) continue;
    await send(session, task, { Action: 'DeleteDomainRecord', RecordId }, ALREADY_GONE);
  }
}

/** The closest domain of the account, by asking for the name and each name above it. */
async function findZone(session: Session, record: TxtRecord): Promise<{ task: DnsTask; zone: string }> {
  const task: DnsTask = { provider: 'alidns', name: record.name };
  for (const name of selfAndParents(record.name, 2)) {
    const search = { Action: 'DescribeDomains', KeyWord: name, SearchMode: 'EXACT', PageSize: '100' };
    const found = readAnswer(task, domainList, await send(session, task, search));
    // Names in Chinese come in both forms; ours is always the one in ASCII.
    const domain = found.Domains.Domain.find(({ DomainName, PunyCode }) =>
      [DomainName, PunyCode ?? ''].some((form) => plainName(form) === name),
    );
    if (domain !== undefined) return { task: { ...task, zone: name }, zone: domain.DomainName };
  }
  throw dnsError(
    'DNS_FAILED',
    task,
    'this account has no domain for this name: is it in another Alibaba Cloud account?',
  );
}

/** Calls the API; gives its answer, or null where it failed with one of the codes in `accepted`. */
async function send(
  session: Session,
  task: DnsTask,
  parameters: Parameters,
  accepted: readonly string[] = [],
): Promise<unknown> {
  const { config, clock, signal } = session;
  const build = () => {
    const url = new URL(config.endpoint ?? ENDPOINT);
    url.search = signedQuery(config, clock(), randomUUID(), parameters);
    return { method: 'GET' as const, url, headers: {} };
  };
  const isBusy = (body: unknown) => failed.safeParse(body).data?.Code.startsWith('Throttling') === true;
  const { status, body } = await callApi({ task, signal, build, isBusy });
  const failure = failed.safeParse(body);
  if (!failure.success) {
    if (status < 300) return body;
    throw dnsError('DNS_FAILED', task, `the API answered ${status} without saying why: is \`endpoint\` right?`);
  }
  if (accepted.includes(failure.data.Code)) return null;
  throw refusal(config, task, failure.data);
}

/**
 * The query of a signed request, signature version 1.0: the sorted parameters, encoded twice, under HMAC-SHA1 with the
 * secret and `&` as key. `nonce` is used once.
 */
export function signedQuery(
  keys: { accessKeyId: string; accessKeySecret: string },
  nowMs: number,
  nonce: string,
  parameters: Parameters,
): string {
  const all: Parameters = {
    Format: 'JSON',
    ...parameters,
    AccessKeyId: keys.accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: nonce,
    SignatureVersion: '1.0',
    Timestamp: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    Version: '2015-01-09',
  };
  const names = Object.keys(all).sort();
  const query = names.map((name) => `${encode(name)}=${encode(all[name] ?? '')}`).join('&');
  const toSign = `GET&${encode('/')}&${encode(query)}`;
  const signature = createHmac('sha1', `${keys.accessKeySecret}&`).update(toSign).digest('base64');
  return `${query}&Signature=${encode(signature)}`;
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function refusal(config: AlidnsConfig, task: DnsTask, { Code, Message }: z.infer<typeof failed>): GateError {
  const known = REFUSALS.find(([pattern]) => pattern.test(Code));
  if (known !== undefined) return dnsError('DNS_REFUSED', task, `${known[1]} (${quoted(Code, [])})`);
  const said = `${quoted(Code, [])}: ${quoted(Message, [config.accessKeySecret, config.accessKeyId])}`;
  return dnsError(
    'DNS_FAILED',
    task,
    `the API answered ${said}; look the code up in Alibaba Cloud DNS's documentation`,
  );
}
