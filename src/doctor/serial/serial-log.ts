// Owns the reading of a serial log: which failures of a device stand in it, where, and how often. Pure; the text is hostile.
import { printable } from '../../base/printable.ts';
import type { Severity } from '../finding.ts';
import { codeOfNumber, codeOfTlsError, type SerialCode } from './code.ts';
import { CRASH, RESET, RUNNING, TEXTS } from './texts.ts';

export type SerialFinding = {
  code: SerialCode;
  severity: Severity;
  /** The HTTP status, where the code is one of a status. */
  status: number | null;
  /** Lines that say so. */
  times: number;
  /** The first of them: its number, from 1, and its text, printable and cut. */
  line: number;
  text: string;
};

export type SerialReading = {
  lines: number;
  /** What the log says that it runs; null where it does not. */
  version: string | null;
  /** Faults first, then in the order of the log. Empty for a log in which nothing is known. */
  findings: SerialFinding[];
};

/** The largest log that is read. A device prints about 1 MiB in an hour. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;
// A line of the firmware has some hundred characters; the body of its request, the longest, is of no use here.
const MAX_LINE = 1_000;
const SHORTEST = 6;
const MAX_SHOWN = 200;
// Different ones, statuses apart: more is no device’s log.
const MAX_FINDINGS = 40;
// More starts than this within a log, with crashes between them, are a loop.
const LOOP_RESETS = 3;
const GOOD: readonly SerialCode[] = ['upgraded', 'up-to-date'];
/** What a device says beside the line that says why: told only where none of these, or nothing at all, says more. */
const GENERAL: Readonly<Partial<Record<SerialCode, readonly SerialCode[] | 'any'>>> = {
  'upgrade-failed': 'any',
  'check-failed': 'any',
  'http-error': 'any',
  'tls-failed': ['tls-memory', 'certificate-name', 'certificate-root', 'tls-closed'],
  'image-corrupt': ['image-hash', 'image-magic', 'chip-mismatch', 'truncated', 'image-too-large'],
  'download-broken': ['truncated', 'receive-overflow', 'tls-memory', 'memory'],
};
const COLOURS = /\u001b\[[0-9;]{0,20}m/g;
const NUMBER = /\bcode\s{0,3}[=:]\s{0,3}(-?\d{1,6}|0x[0-9a-f]{1,8})\b|HTTP failed: (0x[0-9a-f]{1,8})/i;
const TLS_NUMBER = /(?:mbedtls|ssl|tls|x509|crt|handshake|alloc).{0,80}?-0x([0-9a-f]{2,4})\b/i;
const BARE_TLS_NUMBER = /-0x(7F00|2700|3000|7280|7780|7880)\b/i;
const BARE_NUMBER = /\b(32769|32772|32774|32794|0x8001|0x8004|0x8006|0x801a)\b/i;

/** Reads a log, of which the first `MAX_LOG_BYTES` characters count. Never throws. */
export function readSerialLog(log: string): SerialReading {
  const found = new Map<string, SerialFinding>();
  let version: string | null = null;
  let resets = 0;
  const crashes: { line: number; text: string }[] = [];
  const lines = log.slice(0, MAX_LOG_BYTES).split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  for (const [index, whole] of lines.entries()) {
    if (whole.length < SHORTEST) continue;
    const text = whole.slice(0, MAX_LINE).replace(COLOURS, '');
    version ??= RUNNING.exec(text)?.[1] ?? null;
    if (RESET.test(text)) resets += 1;
    if (CRASH.test(text)) crashes.push({ line: index + 1, text });
    for (const { code, status } of meaningsOf(text)) {
      const key = `${code} ${status}`;
      const known = found.get(key);
      if (known !== undefined) known.times += 1;
      else if (found.size < MAX_FINDINGS) found.set(key, findingOf(code, status, index + 1, text));
    }
  }
  const [crash] = crashes;
  if (crash !== undefined) {
    const code = crashCode(version, [...found.values()], resets);
    if (code !== null) found.set(code, { ...findingOf(code, null, crash.line, crash.text), times: crashes.length });
  } else if (resets > LOOP_RESETS) {
    const line = lines.findIndex((text) => RESET.test(text.slice(0, MAX_LINE)));
    found.set('crash-loop', { ...findingOf('crash-loop', null, line + 1, lines[line] ?? ''), times: resets });
  }
  return { lines: lines.length, version, findings: inOrder(withoutGeneral([...found.values()])) };
}

type Meaning = { code: SerialCode; status: number | null };

function meaningsOf(text: string): Meaning[] {
  const codes = new Map<SerialCode, number | null>();
  const number = numberIn(text);
  const byNumber = number === null ? null : codeOfNumber(number);
  if (number !== null && byNumber !== null) codes.set(byNumber, byNumber.startsWith('status-') ? number : null);
  const tls = TLS_NUMBER.exec(text)?.[1] ?? BARE_TLS_NUMBER.exec(text)?.[1];
  if (tls !== undefined) codes.set(codeOfTlsError(Number.parseInt(tls, 16)), null);
  for (const [pattern, code] of TEXTS) if (pattern.test(text) && !codes.has(code)) codes.set(code, null);
  return [...codes].map(([code, status]) => ({ code, status }));
}

/** `code=` on the screen and in the log, a status, or one of the numbers that nothing else means. */
function numberIn(text: string): number | null {
  const match = NUMBER.exec(text);
  const number = match?.[1] ?? match?.[2] ?? BARE_NUMBER.exec(text)?.[1];
  return number === undefined ? null : Number(number);
}

function findingOf(code: SerialCode, status: number | null, line: number, text: string): SerialFinding {
  const severity = GOOD.includes(code) ? 'note' : 'fault';
  return { code, severity, status, times: 1, line, text: printable(text.trim(), MAX_SHOWN) };
}

/** A crash whose cause is known needs no finding of its own. The own client of 1.8.0 and 1.8.1 crashes by itself. */
function crashCode(version: string | null, found: readonly SerialFinding[], resets: number): SerialCode | null {
  if (found.some(({ code }) => code === 'version-crash' || code === 'key-too-long')) return null;
  if (version !== null && /^1\.8\.[01]$/.test(version)) return 'client-crash';
  return resets > 1 || found.every(({ severity }) => severity === 'note') ? 'crash-loop' : null;
}

function withoutGeneral(found: readonly SerialFinding[]): SerialFinding[] {
  return found.filter(({ code }, index) => {
    const covering = GENERAL[code];
    if (covering === undefined) return true;
    if (covering !== 'any') return !found.some((other) => covering.includes(other.code));
    // Of several that say little, the first stays.
    return !found.some(
      (other, at) => other.severity === 'fault' && other.code !== code && (GENERAL[other.code] !== 'any' || at < index),
    );
  });
}

function inOrder(found: readonly SerialFinding[]): SerialFinding[] {
  return found.toSorted((a, b) => Number(a.severity === 'note') - Number(b.severity === 'note') || a.line - b.line);
}
