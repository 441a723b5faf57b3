// Owns the addresses of servers that are named by a name: asked of the system again and again, and all of them used.
import { lookup as systemLookup } from 'node:dns';
import { LRUCache } from 'lru-cache';
import { errorCode } from '../base/errors.ts';

type Address = { address: string; family: number };
type Asked = { all?: boolean | undefined; family?: number | string | undefined };
type Told = (error: NodeJS.ErrnoException | null, addresses: string | Address[], family?: number) => void;
type Outcome = { error: NodeJS.ErrnoException } | { addresses: Address[] };

type Found = {
  addresses: Address[];
  /** Until when nobody is asked anew, and when it was heard; in milliseconds of `performance.now`. */
  untilMs: number;
  heardMs: number;
  /** Asked since, and not told. */
  isStale: boolean;
};

type Question = { sinceMs: number; hearers: Set<(outcome: Outcome) => void> };

/** A name that nobody tells any more, though its addresses are known, or that is told again. */
export type NameTrouble = { name: string; state: 'begun'; code: string } | { name: string; state: 'over' };

// The system does not say how long an answer holds.
const TTL_MS = 10_000;
// Where the name servers are gone, what was known last is better than nothing.
const STALE_MS = 10 * 60_000;
// One that answers does so by then; one that is gone holds the system for ten seconds and more.
const PATIENCE_MS = 500;
const AGAIN_MS = 2_000;
const MAX_NAMES = 256;
// Each holds one of the four threads that read files for this process, too.
const MAX_AT_ONCE = 2;

const known = new LRUCache<string, Found>({ max: MAX_NAMES });
const questions = new Map<string, Question>();
const waiting: (() => void)[] = [];
let asking = 0;
let ear: (trouble: NameTrouble) => void = () => {};

/** Hears of names whose addresses are used though the name servers do not tell them. One ear for a process. */
export function onNameTrouble(next: (trouble: NameTrouble) => void): void {
  ear = next;
}

/** What to write into a log of such a trouble. */
export function wordsOf(trouble: NameTrouble): string {
  const { name } = trouble;
  if (trouble.state === 'over') return `the name servers tell the address of ${name} again`;
  const until = `what was known last is used for ${STALE_MS / 60_000} min at most`;
  return `the name servers do not tell the address of ${name} (${trouble.code}): ${until}; look whether they run (/etc/resolv.conf), and whether the name is right`;
}

/**
 * For the `lookup` option of a connection. Each connection begins with another of the addresses, and goes on to the
 * next where one does not answer; an answer is kept for ten seconds. After that the system is asked anew, once for all
 * who want to know, and where it takes longer than half a second or fails, the addresses known last are good for ten
 * minutes more.
 */
export function lookup(name: string, asked: Asked, tell: Told): void {
  const nowMs = performance.now();
  const found = known.get(name);
  if (found !== undefined && nowMs < found.untilMs) {
    process.nextTick(() => answer(found, asked, tell));
    return;
  }
  const question = questions.get(name) ?? ask(name, nowMs);
  const hear = (outcome: Outcome | null): void => {
    clearTimeout(timer);
    question.hearers.delete(hear);
    if (outcome !== null && 'addresses' in outcome) answer(known.get(name) ?? madeOf(outcome.addresses), asked, tell);
    else if (found !== undefined && performance.now() < found.heardMs + STALE_MS) answer(found, asked, tell);
    else if (outcome !== null) tell(outcome.error, '');
  };
  question.hearers.add(hear);
  const isGood = found !== undefined && nowMs < found.heardMs + STALE_MS;
  const leftMs = Math.max(0, question.sinceMs + PATIENCE_MS - nowMs);
  const timer = isGood ? setTimeout(() => hear(null), leftMs) : undefined;
}

function ask(name: string, sinceMs: number): Question {
  const question: Question = { sinceMs, hearers: new Set() };
  questions.set(name, question);
  const begin = (): void => {
    asking += 1;
    systemLookup(name, { all: true }, (error, addresses) => {
      asking -= 1;
      questions.delete(name);
      const none = Object.assign(new Error(`${name} has no address`), { code: 'ENOTFOUND' });
      const outcome = error === null && addresses.length > 0 ? { addresses } : { error: error ?? none };
      note(name, outcome);
      for (const hear of [...question.hearers]) hear(outcome);
      waiting.shift()?.();
    });
  };
  if (asking < MAX_AT_ONCE) begin();
  else waiting.push(begin);
  return question;
}

function note(name: string, outcome: Outcome): void {
  const before = known.get(name);
  if ('addresses' in outcome) {
    known.set(name, madeOf(outcome.addresses));
    if (before?.isStale === true) ear({ name, state: 'over' });
    return;
  }
  if (before === undefined) return;
  before.untilMs = Math.min(performance.now() + AGAIN_MS, before.heardMs + STALE_MS);
  if (before.isStale) return;
  before.isStale = true;
  ear({ name, state: 'begun', code: errorCode(outcome.error) });
}

function madeOf(addresses: Address[]): Found {
  const nowMs = performance.now();
  return { addresses, untilMs: nowMs + TTL_MS, heardMs: nowMs, isStale: false };
}

function answer(found: Found, { all, family }: Asked, tell: Told): void {
  const [first, ...rest] = found.addresses;
  if (first === undefined) return;
  const wanted = Number(family) || 0;
  const fitting = found.addresses.filter((each) => wanted === 0 || each.family === wanted);
  const [one = first] = fitting;
  found.addresses = [...rest, first];
  if (all === true) tell(null, fitting.length > 0 ? fitting : [first]);
  else tell(null, one.address, one.family);
}
