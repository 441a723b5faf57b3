// Owns challenge records by dynamic update: RFC 2136 over TCP, signed by TSIG (RFC 8945).
import { randomInt } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { DnsConfig } from '../../config/acme-config.ts';
import { type DnsTask, dnsError } from './dns-error.ts';
import {
  CLASS,
  decodeMessage,
  encodeMessage,
  encodeText,
  FLAGS,
  type Message,
  RCODE,
  type ReadMessage,
  type ResourceRecord,
  TYPE,
} from './message.ts';
import { exchange } from './tcp-exchange.ts';
import { judge, sign, type TsigKey, type Verdict } from './tsig.ts';
import type { DnsProvider, TxtRecord } from './txt-record.ts';
import { answerError, verdictError } from './update-refusal.ts';
import { isWithin, plainName, selfAndParents } from './zone-names.ts';

type Rfc2136Config = Extract<DnsConfig, { provider: 'rfc2136' }>;
type Session = { config: Rfc2136Config; key: TsigKey; clock: Clock; signal: AbortSignal };

const EXCHANGE_TIMEOUT_MS = 10_000;
// Nobody but the authority reads the record, and it is gone in minutes.
const TTL_SECONDS = 60;

/** Challenge records on a server that takes dynamic updates: BIND, Knot, PowerDNS, Windows DNS. */
export function rfc2136Provider(config: Rfc2136Config, clock: Clock): DnsProvider {
  const key: TsigKey = {
    name: plainName(config.keyName),
    algorithm: config.algorithm,
    secret: Buffer.from(config.secret, 'base64'),
  };
  const change = (record: TxtRecord, kind: 'add' | 'remove', signal: AbortSignal): Promise<void> =>
    update({ config, key, clock, signal }, record, kind);
  return {
    present: (record, signal) => change(record, 'add', signal),
    cleanup: (record, signal) => change(record, 'remove', signal),
  };
}

async function update(session: Session, record: TxtRecord, kind: 'add' | 'remove'): Promise<void> {
  const { config } = session;
  const bare: DnsTask = { provider: `rfc2136 (${config.server}:${config.port})`, name: record.name };
  const zone = config.zone === undefined ? await findZone(session, bare) : plainName(config.zone);
  const task = { ...bare, zone };
  if (!isWithin(record.name, zone)) {
    throw dnsError(
      'DNS_FAILED',
      task,
      'the name is not in this zone: correct `zone`, or leave it out to have it found',
    );
  }
  const message = messageOf(FLAGS.update, zone, TYPE.SOA);
  message.authorities.push(changeOf(record, kind));
  const answer = await ask(session, task, message);
  if (answer.rcode !== RCODE.NOERROR) throw answerError(task, answer.rcode, session.key);
}

/** RFC 2136 section 2.5: class IN adds to the set; class NONE with TTL 0 deletes this one record from it. */
function changeOf(record: TxtRecord, kind: 'add' | 'remove'): ResourceRecord {
  const place = kind === 'add' ? { class: CLASS.IN, ttl: TTL_SECONDS } : { class: CLASS.NONE, ttl: 0 };
  return { name: record.name, type: TYPE.TXT, ...place, data: encodeText(record.value) };
}

/**
 * The zone that the name is in, as the server says: it puts the zone's SOA into the answer for the zone's own name,
 * and into the authority section for every other name in it (RFC 2308 section 3).
 */
async function findZone(session: Session, task: DnsTask): Promise<string> {
  for (const name of selfAndParents(task.name, 1)) {
    const answer = await ask(session, task, messageOf(FLAGS.query, name, TYPE.SOA));
    // It would answer for a zone of its own, so the names above need not be asked for.
    if (answer.rcode === RCODE.REFUSED) break;
    if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN) {
      throw answerError(task, answer.rcode, session.key);
    }
    const above = [...answer.answers, ...answer.authorities].filter((record) => isWithin(task.name, record.name));
    const soa = above.find((record) => record.type === TYPE.SOA);
    if (soa !== undefined) return soa.name;
    const referral = above.find((record) => record.type === TYPE.NS);
    if (referral !== undefined) {
      const text = `the server has given ${referral.name} away to other name servers: name the primary of that zone as \`server\``;
      throw dnsError('DNS_FAILED', task, text);
    }
  }
  const text = 'the server has no zone that this name is in: name the primary server of the zone as `server`';
  throw dnsError('DNS_FAILED', task, text);
}

/** Asks, and gives the answer only where its signature is right. */
async function ask(session: Session, task: DnsTask, message: Message): Promise<ReadMessage> {
  const { config, key, clock, signal } = session;
  const request = signed(message, key, nowSeconds(clock), task);
  const server = { host: config.server, port: config.port };
  const exchanged = await exchange(request.message, server, EXCHANGE_TIMEOUT_MS, signal);
  if (exchanged.kind === 'timeout') {
    const text = `no answer within ${EXCHANGE_TIMEOUT_MS / 1000} s over TCP: is port ${config.port} of ${config.server} open from here?`;
    throw dnsError('DNS_TIMEOUT', task, text);
  }
  if (exchanged.kind === 'failed') {
    const text = `the server cannot be asked over TCP (${exchanged.why}): check \`server\` and \`port\`, and that TCP is let through`;
    throw dnsError('DNS_FAILED', task, text, { retry: true });
  }
  const seconds = nowSeconds(clock);
  const { answer, verdict } = read(exchanged.bytes, (answer) =>
    judge(exchanged.bytes, answer, key, request.mac, seconds),
  );
  if (answer === null || answer.id !== message.id || (answer.flags & FLAGS.answer) === 0) {
    throw dnsError('DNS_FAILED', task, 'what came back is no answer to what was asked: is this a DNS server?');
  }
  if (verdict.kind !== 'verified') throw verdictError(task, verdict, answer.rcode, key, seconds);
  return answer;
}

type Read = { answer: ReadMessage; verdict: Verdict } | { answer: null; verdict: null };

function read(bytes: Buffer, judged: (answer: ReadMessage) => Verdict): Read {
  try {
    const answer = decodeMessage(bytes);
    return { answer, verdict: judged(answer) };
  } catch {
    return { answer: null, verdict: null }; // cut off or no DNS message: RangeError, of ours or of Buffer
  }
}

function signed(message: Message, key: TsigKey, seconds: number, task: DnsTask): ReturnType<typeof sign> {
  try {
    return sign(encodeMessage(message), key, seconds);
  } catch (cause) {
    const text = 'the name of the record, the zone or the key is not a DNS name: correct it in the configuration';
    throw dnsError('DNS_FAILED', task, text, { cause });
  }
}

function nowSeconds(clock: Clock): number {
  return Math.floor(clock() / 1000);
}

function messageOf(flags: number, name: string, type: number): Message {
  const questions = [{ name, type, class: CLASS.IN }];
  return { id: randomInt(0x10000), flags, questions, answers: [], authorities: [], additionals: [] };
}
