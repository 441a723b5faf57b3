// Owns challenge records at DNSPod: Tencent Cloud's API 3.0, version 2021-03-23.
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { GateError } from '../../base/errors.ts';
import type { DnsConfig } from '../../config/acme-config.ts';
import { type ApiRequest, callApi, readAnswer } from './api-call.ts';
import { type DnsTask, dnsError, quoted } from './dns-error.ts';
import { tc3Authorization } from './tc3.ts';
import type { DnsProvider, TxtRecord } from './txt-record.ts';
import { isWithin, nameInZone, plainName } from './zone-names.ts';

type DnspodConfig = Extract<DnsConfig, { provider: 'dnspod' }>;
type Session = { config: DnspodConfig; clock: Clock; signal: AbortSignal };
/** `Domain` and `DomainId` go into every call about records. */
type Zone = { task: DnsTask; ascii: string; domain: { Domain: string; DomainId: number } };

const ENDPOINT = 'https://dnspod.tencentcloudapi.com/';
const VERSION = '2021-03-23';
const TTL_SECONDS = 600; // the least that every edition takes
// The line for every client. The id goes before the name, and is the same in the Chinese and the international edition.
const DEFAULT_LINE = { RecordLine: '默认', RecordLineId: '0' };
const PAGE = 3000;
const MAX_PAGES = 5;

const failed = z.object({
  Response: z.object({ Error: z.object({ Code: z.string(), Message: z.string().default('') }) }),
});
const succeeded = z.object({ Response: z.unknown() });
const domainList = z.object({
  DomainList: z.array(z.object({ DomainId: z.number(), Name: z.string(), Punycode: z.string().optional() })),
});
const recordList = z.object({
  RecordList: z.array(z.object({ RecordId: z.number(), Type: z.string(), Value: z.string() })),
});

const ALREADY_THERE = ['InvalidParameter.DomainRecordExist'];
const NO_RECORDS = ['ResourceNotFound.NoDataOfRecord'];
const ALREADY_GONE = ['ResourceNotFound.NoDataOfRecord', 'InvalidParameter.RecordIdInvalid'];
const NO_DOMAINS = ['ResourceNotFound.NoDataOfDomain', 'InvalidParameterValue.DomainNotExists'];

const REFUSALS: readonly [RegExp, string][] = [
  [/^AuthFailure\.SignatureExpire/, 'the clock of this machine is wrong: set it by NTP'],
  [
    /^AuthFailure\.(SecretIdNotFound|InvalidSecretId|TokenFailure)/,
    '`secretId` is unknown or switched off: look at it under Access Keys in the console; a DNSPod token is something else',
  ],
  [/^AuthFailure\.SignatureFailure/, '`secretKey` is not the one of this `secretId`'],
  [
    /^(AuthFailure|UnauthorizedOperation|OperationDenied|FailedOperation\.NotDomainOwner|Ip(InBlacklist|NotInWhitelist))/,
    'the key may not do this: give its user QcloudDNSPodFullAccess, and look at limits by address',
  ],
];

/** Challenge records at DNSPod (Tencent Cloud). */
export function dnspodProvider(config: DnspodConfig, clock: Clock): DnsProvider {
  return {
    present: (record, signal) => present({ config, clock, signal }, record),
    cleanup: (record, signal) => cleanup({ config, clock, signal }, record),
  };
}

async function present(session: Session, record: TxtRecord): Promise<void> {
  const { task, ascii, domain } = await findZone(session, record);
  const place = { SubDomain: nameInZone(record.name, ascii), RecordType: 'TXT', ...DEFAULT_LINE };
  const parameters = { ...domain, ...place, Value: record.value, TTL: TTL_SECONDS };
  await send(session, task, 'CreateRecord', parameters, ALREADY_THERE);
}

async function cleanup(session: Session, record: TxtRecord): Promise<void> {
  const { task, ascii, domain } = await findZone(session, record);
  const place = { Subdomain: nameInZone(record.name, ascii), RecordType: 'TXT', Limit: PAGE };
  const found = await send(session, task, 'DescribeRecordList', { ...domain, ...place }, NO_RECORDS);
  if (found === null) return;
  for (const { RecordId, Type, Value } of readAnswer(task, recordList, found).RecordList) {
    if (Type !== 'TXT' || Value !== record.value) continue;
    await send(session, task, 'DeleteRecord', { ...domain, RecordId }, ALREADY_GONE);
  }
}

/** The closest domain of the account, from the list of all. */
async function findZone(session: Session, record: TxtRecord): Promise<Zone> {
  const task: DnsTask = { provider: 'dnspod', name: record.name };
  let best: Zone | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const range = { Type: 'ALL', Offset: page * PAGE, Limit: PAGE };
    const found = await send(session, task, 'DescribeDomainList', range, NO_DOMAINS);
    const domains = found === null ? [] : readAnswer(task, domainList, found).DomainList;
    for (const { DomainId, Name, Punycode } of domains) {
      // Names in Chinese come in both forms; ours is always the one in ASCII.
      const ascii = plainName(Punycode === undefined || Punycode === '' ? Name : Punycode);
      if (!isWithin(record.name, ascii) || ascii.length <= (best?.ascii.length ?? 0)) continue;
      best = { task: { ...task, zone: ascii }, ascii, domain: { Domain: Name, DomainId } };
    }
    if (domains.length < PAGE) break;
  }
  if (best !== null) return best;
  throw dnsError(
    'DNS_FAILED',
    task,
    'this account has no domain for this name: is it in another Tencent Cloud account?',
  );
}

/** Calls the API; gives its `Response`, or null where it failed with one of the codes in `accepted`. */
async function send(
  session: Session,
  task: DnsTask,
  action: string,
  parameters: Record<string, unknown>,
  accepted: readonly string[] = [],
): Promise<unknown> {
  const build = (): ApiRequest => signedRequest(session, action, JSON.stringify(parameters));
  const isBusy = (body: unknown) => codeOf(body)?.startsWith('RequestLimitExceeded') === true;
  const { status, body } = await callApi({ task, signal: session.signal, build, isBusy });
  const failure = failed.safeParse(body);
  if (failure.success) {
    const { Error: error } = failure.data.Response;
    if (accepted.includes(error.Code)) return null;
    throw refusal(session.config, task, error.Code, error.Message);
  }
  const answer = succeeded.safeParse(body);
  if (status < 300 && answer.success) return answer.data.Response;
  throw dnsError('DNS_FAILED', task, `the API answered ${status} without saying why: is \`endpoint\` right?`);
}

function signedRequest({ config, clock }: Session, action: string, body: string): ApiRequest {
  const url = new URL(config.endpoint ?? ENDPOINT);
  const timestamp = Math.floor(clock() / 1000);
  const contentType = 'application/json; charset=utf-8';
  const signed = { 'content-type': contentType, host: url.host, 'x-tc-action': action };
  const headers = {
    'content-type': contentType,
    'x-tc-action': action,
    'x-tc-version': VERSION,
    'x-tc-timestamp': String(timestamp),
    authorization: tc3Authorization(config, { service: 'dnspod', headers: signed, body }, timestamp),
  };
  return { method: 'POST', url, headers, body };
}

function refusal(config: DnspodConfig, task: DnsTask, code: string, message: string): GateError {
  const known = REFUSALS.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return dnsError('DNS_REFUSED', task, `${known[1]} (${quoted(code, [])})`);
  const said = `${quoted(code, [])}: ${quoted(message, [config.secretKey, config.secretId])}`;
  return dnsError('DNS_FAILED', task, `the API answered ${said}; look the code up in DNSPod's API documentation`);
}

function codeOf(body: unknown): string | undefined {
  return failed.safeParse(body).data?.Response.Error.Code;
}
