// Owns the report of a run: its findings in sentences, and what to paste into the console. Pure.
import { printable } from '../base/printable.ts';
import type { RunFacts, TargetFacts } from './facts.ts';
import type { DoctorLanguage, Sentences, Severity } from './finding.ts';
import type { Finding } from './judge/code.ts';
import { doctorWords } from './words.ts';
import { doctorWordsZh } from './words-zh.ts';

export type ToldFinding = { code: string; severity: Severity; at: string } & Sentences;

/** One address that was looked at, for people: how far a device gets. */
export type ToldTarget = {
  url: string;
  /** Where the name leads; empty where it leads nowhere. */
  address: string;
  /** Of a handshake, from the server; null for plain HTTP. */
  handshakeBytes: number | null;
  /** The status of the reply to the check; null without one. */
  status: number | null;
  /** What each generation of the firmware made of it: `current`, `update VERSION`, or the code on the screen. */
  devices: { generation: string; version: string; outcome: string }[];
};

/** The values for the console’s 参数管理; `proved` where both of its checks went well. */
export type Paste = { serverOta: string; serverWebsocket: string; proved: boolean };

export type DoctorReport = {
  well: boolean;
  targets: ToldTarget[];
  findings: ToldFinding[];
  paste: Paste | null;
  serverVersion: string | null;
};

const MAX_VALUE = 500;

export function reportOf(facts: RunFacts, findings: readonly Finding[], language: DoctorLanguage): DoctorReport {
  return {
    well: !findings.some(({ severity }) => severity === 'fault'),
    targets: facts.targets.map(tellTarget),
    findings: findings.map((finding) => tellFinding(finding, language)),
    paste: pasteOf(facts),
    serverVersion: facts.serverVersion,
  };
}

/** A run without its sentences, for whoever reads it later in a language of theirs. */
export function runOf({
  facts,
  findings,
}: {
  facts: RunFacts;
  findings: readonly Finding[];
}): Omit<DoctorReport, 'well' | 'findings'> & { findings: Finding[] } {
  const short = (text: string): string => printable(text, MAX_VALUE);
  return {
    targets: facts.targets.map(tellTarget),
    paste: pasteOf(facts),
    serverVersion: facts.serverVersion,
    findings: findings.map(({ code, severity, at, values }) => ({
      code,
      severity,
      at: short(at),
      values: Object.fromEntries(Object.entries(values).map(([name, text]) => [name, short(text)])),
    })),
  };
}

/** A finding in sentences. Everything in it that came from outside is made printable here. */
export function tellFinding({ code, severity, at, values }: Finding, language: DoctorLanguage): ToldFinding {
  const words = language === 'zh' ? doctorWordsZh : doctorWords;
  const shown = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, printable(text, MAX_VALUE)]));
  return { code, severity, at: printable(at, MAX_VALUE), ...words[code](shown) };
}

function tellTarget({ target, place, handshake, check, devices }: TargetFacts): ToldTarget {
  return {
    url: target.url,
    address: place.place === 'known' ? place.address : '',
    handshakeBytes: handshake?.bytes ?? null,
    status: check?.asked === 'replied' ? check.reply.status : null,
    devices: devices.map(({ generation, version, outcome }) => ({
      generation,
      version,
      outcome: printable(
        outcome.outcome === 'update'
          ? `update ${outcome.version}`
          : outcome.outcome === 'failed'
            ? String(outcome.code)
            : outcome.outcome,
        80,
      ),
    })),
  };
}

/** The first address whose checks went well, by https where there is one; else the first that a device could use. */
function pasteOf({ targets }: RunFacts): Paste | null {
  const usable = targets
    .filter(({ check }) => check?.asked === 'replied' && check.reply.status === 200)
    .toSorted((a, b) => Number(b.target.at.secure) - Number(a.target.at.secure));
  const proved = usable.find(({ console }) => console.length > 0 && console.every(({ well }) => well));
  const chosen = proved ?? usable[0];
  if (chosen === undefined) return null;
  const { url } = chosen.target;
  const proven = proved?.voice?.url;
  const serverWebsocket = proven ?? voiceBeside(url);
  return { serverOta: url, serverWebsocket: printable(serverWebsocket, MAX_VALUE), proved: proved !== undefined };
}

/** The path at which the server has its WebSocket, on the same name. */
function voiceBeside(url: string): string {
  return new URL('/xiaozhi/v1/', url).href.replace(/^http/, 'ws');
}
