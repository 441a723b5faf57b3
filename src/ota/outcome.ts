// Owns what becomes of a device's upgrades: from its record so far and what is seen next, the new record and what to
// write into its history. Pure. How an upgrade went is told by the next check.

import type { DownloadSeen } from './attempt.ts';
import { type Attempt, afterDownload, belongsTo, explainBroken, isRunning, newAttempt } from './attempt.ts';
import { clientNetwork } from './client-network.ts';
import {
  type Check,
  type DeviceRecord,
  type Entry,
  newMemory,
  type Observation,
  type Outcome,
} from './device-record.ts';
import { type Told, tell } from './told.ts';
import { compareVersions, isSafeVersion } from './version.ts';

export type Step = { record: DeviceRecord; entries: Entry[]; outcome: Outcome | null };

// A device in a boot loop checks every half minute: past this, its record goes on, and its history rests until midnight.
export const MAX_ENTRIES_A_DAY = 200;
const DAY_MS = 86_400_000;
// Networks that one device failed from.
const MAX_FAILED = 8;
// Longer than this no upgrade takes: the device was off, or the clock was set.
const LONGEST_MS = DAY_MS;

/** Takes what is seen next of a device. Whatever it is, in whatever order, there is a record after it. */
export function observe(before: DeviceRecord | null, device: string, seen: Observation): Step {
  const known = before ?? newRecord(device, seen);
  return withinDay(known, seen.kind === 'check' ? onCheck(known, seen) : onDownload(known, seen), seen.atMs);
}

function newRecord(device: string, { atMs, client }: Observation): DeviceRecord {
  return {
    device,
    board: '',
    version: '',
    client,
    scheme: '',
    firstSeenMs: atMs,
    lastSeenMs: atMs,
    state: 'seen',
    offered: null,
    why: null,
    failures: 0,
    proven: false,
    memory: newMemory(),
  };
}

function withinDay(before: DeviceRecord, { record, entries, outcome }: Step, atMs: number): Step {
  const day = Math.floor(atMs / DAY_MS);
  const had = before.memory.written.day === day ? before.memory.written.entries : 0;
  const room = MAX_ENTRIES_A_DAY - had;
  const kept = entries.length < room ? entries : entries.slice(0, Math.max(0, room - 1));
  if (entries.length >= room && room > 0)
    kept.push({ atMs, event: 'quiet', detail: { why: `over ${MAX_ENTRIES_A_DAY} entries: no more of this day` } });
  const written = { day, entries: had + kept.length };
  return { record: { ...record, memory: { ...record.memory, written } }, entries: kept, outcome };
}

function onCheck(before: DeviceRecord, check: Check): Step {
  const told = tell(before, check);
  const kept = told.kind === 'restarted' || told.kind === 'nothing' ? told.attempt : null;
  const attempt = kept ?? nextAttempt(before, check, told);
  const failures = failuresAfter(before, check, told);
  const record: DeviceRecord = {
    ...before,
    board: check.board ?? before.board,
    version: check.version ?? before.version,
    client: check.client,
    scheme: check.scheme,
    lastSeenMs: check.atMs,
    offered: check.offer.kind === 'offered' ? check.offer.version : null,
    ...stateAfter(check, told, attempt, kept !== null),
    failures,
    memory: {
      ...before.memory,
      checkedMs: check.atMs,
      elfSha256: check.elfSha256 ?? before.memory.elfSha256,
      attempt,
      upgrade: upgradeAfter(before, check, told),
      failed: failedAfter(before, check, told),
      failing: failures === 0 ? null : told.kind === 'failed' ? told.version : before.memory.failing,
    },
  };
  const entries = [...toldEntries(before, record, check, told), ...offerEntries(before, record, check, told)];
  return { record, entries, outcome: outcomeOf(check, told) };
}

/** Whether a device that runs this would take the offer at all. */
function wouldTake(running: string | null, offered: string, forced: boolean): boolean {
  if (forced || running === null) return true;
  if (!isSafeVersion(running) || !isSafeVersion(offered)) return running !== offered;
  return compareVersions(offered, running) > 0;
}

function nextAttempt(before: DeviceRecord, check: Check, told: Told): Attempt | null {
  const { offer, atMs } = check;
  const version = (check.version ?? before.version) || null;
  if (offer.kind !== 'offered' || !wouldTake(version, offer.version, offer.forced)) return null;
  const { sealed } = offer;
  const promised = { version: offer.version, sealed, board: check.board };
  const next = newAttempt(promised, { version, elfSha256: check.elfSha256 }, atMs);
  const last = told.kind === 'failed' ? told.attempt : null;
  if (last?.version !== offer.version || !isRunning(last, atMs)) return next;
  // It may have been another who spoke in the device's name: its download may still come to a good end.
  return { ...next, running: last.running, proven: last.proven, networks: last.networks };
}

type StateAfter = Pick<DeviceRecord, 'state' | 'why'>;

function stateAfter(check: Check, told: Told, attempt: Attempt | null, kept: boolean): StateAfter {
  const { offer } = check;
  if (offer.kind === 'withheld') return { state: 'withheld', why: `${offer.version}: ${offer.why}` };
  if (kept && attempt !== null) return { state: stateOf(attempt, check.atMs), why: null };
  if (told.kind === 'failed' && (offer.kind !== 'offered' || offer.version === told.version))
    return { state: 'failed', why: told.why };
  if (attempt !== null) return { state: 'offered', why: null };
  if (told.kind === 'failed') return { state: 'failed', why: told.why };
  if (told.kind === 'upgraded' || told.kind === 'reinstalled') return { state: 'upgraded', why: null };
  if (offer.kind === 'unread') return { state: 'seen', why: 'the reply could not be read' };
  const why = offer.kind === 'offered' ? `${offer.version} is offered, and is not newer: no device takes it` : null;
  return { state: 'up-to-date', why };
}

function stateOf(attempt: Attempt, nowMs: number): DeviceRecord['state'] {
  if (attempt.complete) return 'rebooting';
  return isRunning(attempt, nowMs) ? 'downloading' : 'offered';
}

function failuresAfter(before: DeviceRecord, { offer }: Check, told: Told): number {
  const { failing } = before.memory;
  if (told.kind === 'failed') return failing === told.version ? before.failures + 1 : 1;
  const over = told.kind === 'upgraded' || told.kind === 'reinstalled';
  return over || (offer.kind === 'offered' && offer.version !== failing) ? 0 : before.failures;
}

/** An upgrade that went well takes nothing back: a device that rolls back each time would never be found out. */
function failedAfter(
  { memory: { failed } }: DeviceRecord,
  { atMs, client }: Check,
  told: Told,
): DeviceRecord['memory']['failed'] {
  const network = clientNetwork(client);
  // Who used the link elsewhere is not who failed here.
  if (told.kind !== 'failed' || !told.proven || !told.networks.includes(network)) return failed;
  const { version } = told;
  const before = failed.find((one) => one.network === network);
  const times = before?.version === version ? before.times + 1 : 1;
  const others = failed.filter((one) => one !== before);
  // Those that came once give way first: a stranger with many addresses pushes out nothing that has lasted.
  const kept = others.sort((a, b) => b.times - a.times || b.lastMs - a.lastMs).slice(0, MAX_FAILED - 1);
  return [{ network, version, times, lastMs: atMs }, ...kept];
}

function upgradeAfter(before: DeviceRecord, check: Check, told: Told): DeviceRecord['memory']['upgrade'] {
  if (told.kind === 'failed' && told.because === 'rolled-back') return null;
  if (told.kind !== 'upgraded') return before.memory.upgrade;
  const { version, from, board, proven } = told.attempt;
  return { version, from, board: board ?? check.board, proven, network: clientNetwork(check.client), atMs: check.atMs };
}

function outcomeOf({ client, atMs, board }: Check, told: Told): Outcome | null {
  if (told.kind === 'upgraded' && told.attempt.proven) {
    const { version } = told.attempt;
    return { version, board: told.attempt.board ?? board, result: 'upgraded', because: null, client, atMs };
  }
  if (told.kind !== 'failed' || !told.proven) return null;
  const { version, because } = told;
  return { version, board: told.board ?? board, result: 'failed', because, client, atMs };
}

function toldEntries(before: DeviceRecord, after: DeviceRecord, { atMs, board, version }: Check, told: Told): Entry[] {
  const entries: Entry[] = [];
  if (board !== null && before.board !== '' && board !== before.board)
    entries.push({ atMs, event: 'board-changed', detail: { from: before.board, to: board } });
  switch (told.kind) {
    case 'upgraded':
    case 'reinstalled': {
      const { from, version: to, tries, proven } = told.attempt;
      const detail = { from, to, seconds: secondsOf(told.attempt, atMs), tries, proven };
      entries.push({ atMs, event: told.kind, detail });
      break;
    }
    case 'failed': {
      const { because, why, attempt, proven } = told;
      const seen = { tries: attempt?.tries ?? 0, bytes: attempt?.reached ?? 0, length: attempt?.length ?? null };
      const detail = { version: told.version, running: version, because, why, inARow: after.failures, ...seen, proven };
      entries.push({ atMs, event: 'failed', detail });
      break;
    }
    case 'restarted':
      entries.push({ atMs, event: 'checked-again', detail: { version, downloading: told.attempt.version } });
      break;
    case 'nothing':
      if (version !== null && before.version !== '' && version !== before.version)
        entries.push({ atMs, event: 'version-changed', detail: { from: before.version, to: version } });
  }
  return entries;
}

function secondsOf({ begunMs, sinceMs }: Attempt, nowMs: number): number | null {
  const ms = nowMs - (begunMs ?? sinceMs);
  return ms >= 0 && ms <= LONGEST_MS ? Math.round(ms / 1000) : null;
}

/** What this check was answered with; nothing where it is the same as before. */
function offerEntries(before: DeviceRecord, after: DeviceRecord, check: Check, told: Told): Entry[] {
  const { atMs, offer, client, scheme } = check;
  const { version } = after;
  const news = before.state !== after.state || before.why !== after.why;
  if (offer.kind === 'withheld')
    return news
      ? [{ atMs, event: 'withheld', detail: { version: offer.version, rule: offer.rule, why: offer.why } }]
      : [];
  if (told.kind === 'restarted' || (told.kind === 'nothing' && told.attempt !== null)) return [];
  if (offer.kind === 'unread') return news ? [{ atMs, event: 'reply-unread', detail: { version, client } }] : [];
  if (offer.kind === 'none') {
    const quiet = before.state === 'upgraded' || told.kind !== 'nothing' || !news;
    return quiet ? [] : [{ atMs, event: 'no-offer', detail: { version, client, scheme } }];
  }
  if (after.memory.attempt === null) {
    const detail = { version: offer.version, running: version };
    return news && told.kind === 'nothing' ? [{ atMs, event: 'not-newer', detail }] : [];
  }
  if (told.kind === 'failed' && told.version === offer.version) return [];
  const { forced, sealed } = offer;
  return [
    { atMs, event: 'offered', detail: { version: offer.version, running: version, client, scheme, forced, sealed } },
  ];
}

function onDownload(before: DeviceRecord, seen: DownloadSeen): Step {
  const { atMs, link, kind, client } = seen;
  const attempt = attemptFor(before, seen);
  const next = attempt === null ? null : afterDownload(attempt, seen);
  const spoke = kind === 'download-begun' || (kind === 'download-ended' && seen.complete) || kind === 'download-moved';
  const record: DeviceRecord = {
    ...before,
    proven: before.proven || link.sealed,
    ...(spoke ? { lastSeenMs: atMs, client } : {}),
  };
  if (next === null) return { record, entries: downloadEntries(seen, null), outcome: null };
  const memory = { ...before.memory, attempt: next };
  const entries = downloadEntries(seen, next);
  // What is left over from the attempt before says nothing of this one until it is complete.
  if (next.tries === 0 && !next.complete) return { record: { ...record, memory }, entries, outcome: null };
  const state = stateOf(next, atMs);
  const why = state === 'offered' ? explainBroken(next).why : null;
  return { record: { ...record, state, why, offered: next.version, memory }, entries, outcome: null };
}

/** The attempt that this is news of: the one that is known, or a new one where another link is used; null for neither. */
function attemptFor(before: DeviceRecord, seen: DownloadSeen): Attempt | null {
  const { attempt, checkedMs, elfSha256 } = before.memory;
  const { link, startedMs } = seen;
  if (attempt !== null && belongsTo(attempt, seen)) return attempt;
  if (link.version === null || (attempt?.sealed === true && !link.sealed)) return null;
  const late = startedMs < (attempt?.sinceMs ?? checkedMs ?? startedMs);
  if (seen.kind !== 'download-begun' && late) return null;
  const { version, board, sealed } = link;
  return newAttempt({ version, board, sealed }, { version: before.version || null, elfSha256 }, startedMs);
}

function downloadEntries(seen: DownloadSeen, attempt: Attempt | null): Entry[] {
  const { atMs, client, startedMs } = seen;
  const { version, sealed } = seen.link;
  switch (seen.kind) {
    case 'download-moved':
      return [];
    case 'download-begun':
      return [{ atMs, event: seen.kind, detail: { version, client, sealed, attempt: attempt?.tries ?? null } }];
    case 'fill-failed':
      return [{ atMs, event: seen.kind, detail: { version, client, sealed, code: seen.code, why: seen.why } }];
    case 'download-ended': {
      const { bytes, length, complete, code, gapMs } = seen;
      const seconds = Math.max(0, Math.round((atMs - startedMs) / 1000));
      return [{ atMs, event: seen.kind, detail: { version, bytes, length, complete, code, gapMs, seconds, sealed } }];
    }
  }
}
