// Owns calls to a provider's HTTP API: JSON back, bounded in bytes, time and tries.
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import { readAtMost } from '../../base/bounded-body.ts';
import { errorCode } from '../../base/errors.ts';
import { type DnsTask, dnsError } from './dns-error.ts';

export type ApiRequest = {
  method: 'GET' | 'POST' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  body?: string;
};

/** Any status below 500 but 429; `body` is the parsed JSON. */
export type ApiAnswer = { status: number; body: unknown };

export type ApiCall = {
  task: DnsTask;
  signal: AbortSignal;
  /** Made anew for each try: a signature covers the time and a number used once. */
  build: () => ApiRequest;
  /** Says whether an answer with an ordinary status means "too many requests, ask again". */
  isBusy?: (body: unknown) => boolean;
};

type Outcome =
  | { kind: 'answer'; answer: ApiAnswer }
  | { kind: 'busy'; status: number; waitMs: number | null }
  | { kind: 'unreachable'; why: string }
  | { kind: 'late' };

const MAX_TRIES = 3;
const TRY_TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Calls the API; up to three tries where it is busy (5xx, 429), does not answer or cannot be reached. All calls of the
 * providers may be repeated: a record that exists already, or is gone already, is no error to them.
 * @throws {GateError} DNS_FAILED or DNS_TIMEOUT; the signal's reason where it is aborted
 */
export async function callApi(call: ApiCall): Promise<ApiAnswer> {
  for (let tried = 1; ; tried += 1) {
    const outcome = await tryOnce(call);
    if (outcome.kind === 'answer') return outcome.answer;
    const waitMs = waitOf(outcome, tried);
    if (tried === MAX_TRIES || waitMs > MAX_PAUSE_MS) throw failure(call.task, outcome, tried);
    await pause(waitMs, undefined, { signal: call.signal }).catch(() => call.signal.throwIfAborted());
  }
}

/**
 * The part of an answer that a provider needs.
 * @throws {GateError} DNS_FAILED where it has another form
 */
export function readAnswer<T>(task: DnsTask, schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw dnsError('DNS_FAILED', task, 'the API answered in a form that is not known here: is `endpoint` right?');
}

async function tryOnce(call: ApiCall): Promise<Outcome> {
  call.signal.throwIfAborted();
  const { url, ...built } = call.build();
  const tooLate = AbortSignal.timeout(TRY_TIMEOUT_MS);
  try {
    const reply = await request(url, {
      ...built,
      headers: { accept: 'application/json', 'user-agent': 'otagate', ...built.headers },
      reset: true,
      signal: AbortSignal.any([call.signal, tooLate]),
    });
    const text = await readText(reply.body);
    const busy = {
      kind: 'busy',
      status: reply.statusCode,
      waitMs: retryAfterMs(reply.headers['retry-after']),
    } as const;
    if (reply.statusCode === 429 || reply.statusCode >= 500) return busy;
    const body = parse(text);
    if (body === undefined) {
      const what = `${url.origin} answered ${reply.statusCode} with something other than JSON`;
      throw dnsError(
        'DNS_FAILED',
        call.task,
        `${what}: is \`endpoint\` right, and does no portal or proxy answer for it?`,
      );
    }
    return call.isBusy?.(body) === true ? busy : { kind: 'answer', answer: { status: reply.statusCode, body } };
  } catch (error) {
    call.signal.throwIfAborted();
    if (tooLate.aborted) return { kind: 'late' };
    const why = errorCode(error);
    // Whatever is not of the network is thrown on: our own errors, and mistakes of ours.
    if (!/^(UND_ERR_|E[A-Z]+$|CERT_|ERR_TLS|ERR_SSL|DEPTH_|SELF_|UNABLE_)/.test(why)) throw error;
    return { kind: 'unreachable', why };
  }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const { bytes, whole } = await readAtMost(body, MAX_BODY_BYTES);
  return whole ? bytes.toString('utf8') : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** RFC 9110 section 10.2.3: a number of seconds, or a date. Null where it says neither. */
function retryAfterMs(header: string | string[] | undefined): number | null {
  const text = String(header ?? '').trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

function waitOf(outcome: Outcome, tried: number): number {
  const asked = outcome.kind === 'busy' ? outcome.waitMs : null;
  return asked ?? FIRST_PAUSE_MS * 2 ** (tried - 1);
}

function failure(task: DnsTask, outcome: Exclude<Outcome, { kind: 'answer' }>, tried: number): Error {
  const times = tried === 1 ? '' : ` ${tried} times`;
  switch (outcome.kind) {
    case 'late':
      return dnsError(
        'DNS_TIMEOUT',
        task,
        `the API did not answer within ${TRY_TIMEOUT_MS / 1000} s${times}: try later`,
      );
    case 'unreachable':
      return dnsError(
        'DNS_FAILED',
        task,
        `the API cannot be reached (${outcome.why})${times}: check the way out of this machine, its DNS and \`endpoint\``,
        { retry: true },
      );
    case 'busy': {
      const wait = outcome.waitMs === null ? '' : ` and asks for ${Math.ceil(outcome.waitMs / 1000)} s of patience`;
      const text = `the API answered ${outcome.status}${times}${wait}: it is busy or limits requests; try later`;
      return dnsError('DNS_FAILED', task, text, { retry: true });
    }
  }
}
