// Carries out `otagate doctor`: plays a device against the gate, or against any other front, and says what would fail.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { errorText } from '../base/errors.ts';
import type { DoctorPlan, DoctorVisit } from '../control/admin/doctor-schemas.ts';
import { parseLink } from '../device/link.ts';
import type { RunFacts, Target } from '../doctor/facts.ts';
import type { Finding } from '../doctor/judge/code.ts';
import { judgeRun } from '../doctor/judge/judge.ts';
import { REAL_TIMES } from '../doctor/probe/connect.ts';
import { newPlayer } from '../doctor/probe/player.ts';
import { lookAtAll, type Wanted } from '../doctor/probe/run.ts';
import { reportOf, runOf } from '../doctor/report.ts';
import { type EspBundle, espBundle } from '../tls/esp-bundle.ts';
import { bundleOfRoots } from '../tls/own-bundle.ts';
import { askGate } from './admin-client.ts';
import { bodyOf, tellFailure } from './answer.ts';
import type { Context } from './context.ts';
import { describeReport } from './doctor-text.ts';
import { EXIT } from './exit-codes.ts';
import { WrongUse } from './wrong-use.ts';

export type DoctorOptions = {
  url: string[];
  resolve: string[];
  ca?: string;
  board: string;
  download?: true;
};

/** Looks at these addresses as a device would; no gate is needed. Exit code 1 where a fault was found. */
export async function examineUrls(context: Context, options: DoctorOptions): Promise<number> {
  const targets = options.url.map((url) => targetOf(url, context));
  return tell(context, await look(context, options, { targets, player: newPlayer(options.board), gate: null }));
}

/** Looks at the running gate: at all of its names and addresses, or at these. */
export async function examineGate(context: Context, hosts: readonly string[], options: DoctorOptions): Promise<number> {
  // Before the gate is asked: what is wrong with the command is told first.
  readOptions(context, options);
  const odd = hosts.find((host) => !/^[A-Za-z0-9._-]{1,253}$/.test(host));
  if (odd !== undefined) throw new WrongUse(context.words.doctor.notHost(JSON.stringify(odd)));
  const reply = await askGate(context, 'POST', '/api/v1/doctor/visits');
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const { mac, plan } = bodyOf<DoctorVisit>(reply);
  try {
    const targets = targetsOf(plan, hosts);
    const player = newPlayer(options.board, mac);
    const seen = await look(context, options, {
      targets,
      player,
      gate: { ...plan.listen, localRoot: plan.localRoot },
    });
    await askGate(context, 'POST', '/api/v1/doctor/report', runOf(seen));
    return tell(context, seen);
  } finally {
    await askGate(context, 'DELETE', `/api/v1/doctor/visits/${mac}`);
  }
}

type Seen = { facts: RunFacts; findings: Finding[] };

function readOptions(context: Context, options: DoctorOptions): Pick<Wanted, 'roots' | 'resolve'> {
  return {
    roots: rootsOf(context, options),
    resolve: new Map(options.resolve.map((text) => readResolve(text, context))),
  };
}

async function look(
  context: Context,
  options: DoctorOptions,
  what: Pick<Wanted, 'targets' | 'player' | 'gate'>,
): Promise<Seen> {
  const { roots, resolve } = readOptions(context, options);
  const bundle: EspBundle = roots === null ? espBundle() : bundleOfRoots(roots);
  const facts = await lookAtAll({ ...what, roots, resolve, download: options.download === true, times: REAL_TIMES });
  return { facts, findings: judgeRun(facts, { bundle, nowMs: context.terminal.now() }) };
}

/** Every name and address over https and http; those that are named here are looked at even where they are none of it. */
function targetsOf({ hosts, path, publicPorts }: DoctorPlan, named: readonly string[]): Target[] {
  const wanted =
    named.length === 0
      ? hosts
      : named.map((host) => ({ host, role: isIP(host) > 0 ? ('lan' as const) : ('main' as const) }));
  return wanted.flatMap(({ host, role }) =>
    (['https', 'http'] as const).flatMap((scheme): Target[] => {
      const port = publicPorts[scheme];
      if (port === null) return [];
      const usual = port === (scheme === 'https' ? 443 : 80);
      const at = { secure: scheme === 'https', host, port, path };
      return [{ url: `${scheme}://${host}${usual ? '' : `:${port}`}${path}`, at, role }];
    }),
  );
}

function tell(context: Context, { facts, findings }: Seen): number {
  const report = reportOf(facts, findings, context.json ? 'en' : context.words.language);
  if (context.json) context.terminal.printJson(report);
  else context.terminal.print(...describeReport(report, context));
  return report.well ? EXIT.well : EXIT.no;
}

/** @throws {WrongUse} for what no device could be given */
function targetOf(url: string, { words }: Context): Target {
  const link = URL.canParse(url) ? parseLink(url, 'POST', 'current') : null;
  if (link?.link !== 'good') throw new WrongUse(words.doctor.notUrl(JSON.stringify(url)));
  return { url, at: link.at, role: 'main' };
}

/** @throws {WrongUse} */
function readResolve(text: string, { words }: Context): [string, string] {
  const [name = '', address = '', ...rest] = text.split('=');
  if (name === '' || isIP(address) !== 4 || rest.length > 0) {
    throw new WrongUse(words.doctor.notResolve(JSON.stringify(text)));
  }
  return [name.toLowerCase(), address];
}

/** @throws {WrongUse} for a file without certificates */
function rootsOf({ words }: Context, { ca }: DoctorOptions): string[] | null {
  if (ca === undefined) return null;
  let text: string;
  try {
    text = readFileSync(ca, 'utf8');
  } catch (error) {
    throw new WrongUse(words.doctor.badRoots(ca, errorText(error)));
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new WrongUse(words.doctor.badRoots(ca, words.doctor.noPem));
  return [text];
}
