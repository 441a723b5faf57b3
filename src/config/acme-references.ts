// Owns the checks of tls.acme against the rest of the file: what a challenge needs, and which domains are ordered.

import { CHALLENGES } from './acme.ts';
import type { ChallengeType } from './acme-config.ts';
import { type Authority, isLetsEncrypt, notOrdered } from './acme-names.ts';
import { type Draft, domainPlaces } from './draft.ts';
import { readEndpoints, STANDARD_LISTEN } from './endpoints.ts';
import { fileProblem } from './file-problem.ts';
import type { Place, Report } from './finding.ts';
import { isWildcard, readDomain } from './host-names.ts';
import { listOf, memberOf, textOf, valueAt } from './loose.ts';
import { readMailAddress } from './mail-address.ts';
import { readIp } from './networks.ts';
import { fromFolder } from './paths.ts';
import { readInteger } from './reading.ts';
import { readDirectory } from './web-address.ts';

const WARNING = { severity: 'warning' } as const;
const ACME: Place = ['tls', 'acme'];

/** Reports what is wrong between tls.acme and the rest. Says whether any certificate will be ordered. */
export function acmeFaults(draft: Draft, folder: string, report: Report): { orders: boolean } {
  const { raw } = draft;
  const [email, acme] = [memberOf(raw, 'email'), valueAt(raw, ACME)];
  const on = email !== undefined || acme !== undefined;
  const challenge = on ? readChallenge(memberOf(acme, 'challenge')) : null;
  wildcardFaults(raw, challenge, report);
  if (!on) return { orders: false };
  mailFault(email, memberOf(acme, 'email'), report);
  fileFaults(acme, folder, report);
  // A word that is not known was told already, and what hangs on it cannot be judged.
  if (challenge === undefined || challenge === null) return { orders: true };
  dnsFaults(acme, challenge, report);
  const directory = readDirectory(memberOf(acme, 'directory') ?? 'letsencrypt');
  if (!directory.ok) return { orders: true };
  const caFile = textOf(memberOf(acme, 'caFile')) ?? null;
  const ordered = domainFaults(draft, { directory: directory.value, challenge, caFile }, report);
  if (ordered) {
    const at =
      memberOf(acme, 'challenge') !== undefined ? [...ACME, 'challenge'] : acme === undefined ? ['email'] : ACME;
    portWarnings(raw, challenge, at, report);
  }
  return { orders: ordered || !draft.whole.domains };
}

/** Undefined where the word is not known. */
function readChallenge(value: unknown): ChallengeType | undefined {
  return value === undefined ? 'http-01' : CHALLENGES.find((each) => each === value);
}

/** `challenge` is null where ACME is off, and undefined where it cannot be read. */
function wildcardFaults(raw: unknown, challenge: ChallengeType | null | undefined, report: Report): void {
  // A certificate of the operator's own may be for the wildcard.
  const brings = listOf(valueAt(raw, ['tls', 'certificates'])).length > 0;
  for (const [index, place] of domainPlaces(raw).entries()) {
    const name = readDomain(valueAt(raw, place));
    if (!name.ok || !isWildcard(name.value)) continue;
    if (index === 0) {
      const expected = 'a name by itself, and the wildcard behind it: domains: [ota.example.com, "*.example.com"]';
      report(place, { problem: 'is a wildcard, and the main domain goes into links', expected });
    } else if (challenge !== undefined && challenge !== 'dns-01' && !brings) {
      const problem = 'is a wildcard, which can be proved over dns-01 alone';
      report(place, { problem, expected: 'tls.acme.challenge: dns-01, or each name by itself' });
    }
  }
}

function mailFault(short: unknown, long: unknown, report: Report): void {
  const [one, other] = [readMailAddress(short), readMailAddress(long)];
  if (!one.ok || !other.ok || one.value === other.value) return;
  report([...ACME, 'email'], { problem: 'is another address than email', expected: 'one of the two' });
}

function fileFaults(acme: unknown, folder: string, report: Report): void {
  const files: [place: Place, kind: 'readable' | 'executable', expected: string][] = [
    [['caFile'], 'readable', 'a PEM file that this user may read'],
    [['dns', 'program'], 'executable', 'a program that this user may run'],
  ];
  for (const [place, kind, expected] of files) {
    const path = textOf(valueAt(acme, place));
    const problem = path === undefined || path === '' ? undefined : fileProblem(fromFolder(folder, path), kind);
    if (problem === undefined) continue;
    report([...ACME, ...place], { problem, expected: `${expected}; relative paths start at ${folder}` });
  }
}

function dnsFaults(acme: unknown, challenge: ChallengeType, report: Report): void {
  const dns = memberOf(acme, 'dns');
  if (challenge === 'dns-01' && dns === undefined) {
    const expected = 'how records are set, such as dns: { provider: cloudflare, apiTokenFile: … }';
    report([...ACME, 'dns'], { problem: 'is missing, and challenge: dns-01 needs it', expected });
  }
  if (challenge !== 'dns-01' && dns !== undefined) {
    const problem = `has no effect while the challenge is ${challenge}`;
    report([...ACME, 'dns'], { problem, expected: 'challenge: dns-01' }, { ...WARNING, at: 'key' });
  }
}

/** Whether any of the domains is ordered. */
function domainFaults(draft: Draft, authority: Authority, report: Report): boolean {
  const { raw } = draft;
  const localCa = valueAt(raw, ['tls', 'localCa']);
  const withoutCa = localCa === false || localCa === 'false';
  let ordered = false;
  for (const place of domainPlaces(raw)) {
    const name = readDomain(valueAt(raw, place));
    if (!name.ok) continue;
    const why = notOrdered(name.value, authority);
    if (why === null) {
      ordered = true;
      if (readIp(name.value) !== undefined) addressFaults(place, authority, valueAt(raw, [...ACME, 'profile']), report);
    } else if (withoutCa) {
      const expected = 'a certificate of your own in tls.certificates, or localCa: true';
      report(place, { problem: `is ${why}: no authority signs it, and the local CA is off`, expected }, WARNING);
    } else {
      report(place, { problem: `is ${why}: no authority signs it, the local CA does`, expected: '' }, WARNING);
    }
  }
  return ordered;
}

function addressFaults(place: Place, { challenge, directory }: Authority, profile: unknown, report: Report): void {
  if (challenge !== 'http-01') {
    const problem = 'is an address, which the gate can prove over http-01 alone (RFC 8738)';
    report(place, { problem, expected: 'tls.acme.challenge: http-01, or names alone' });
  } else if (isLetsEncrypt(directory) && profile !== 'shortlived') {
    const problem = 'is an address, which Let’s Encrypt signs only with its profile for six days';
    report(place, { problem, expected: 'tls.acme.profile: shortlived' }, WARNING);
  }
}

function portWarnings(raw: unknown, challenge: ChallengeType, at: Place, report: Report): void {
  const https = seenPort(raw, 'https');
  if (https === null) {
    const problem = 'gets certificates that nothing serves, since listen.https is none';
    report(at, { problem, expected: 'listen.https, or this left out' }, { ...WARNING, found: '' });
  }
  if (challenge === 'dns-01') return;
  const [scheme, port] = challenge === 'http-01' ? (['http', 80] as const) : (['https', 443] as const);
  const seen = scheme === 'https' ? https : seenPort(raw, scheme);
  if (seen === undefined || seen === port) return;
  const where = seen === null ? `nothing listens for ${scheme}` : `from outside ${scheme} is on port ${seen}`;
  const problem = `is checked by ${challenge}: the authority asks on port ${port} from outside, and ${where}`;
  const expected = `public.${scheme}: ${port} where a router leads that port here; with ports of your own, challenge: dns-01`;
  report(at, { problem, expected }, { ...WARNING, found: '' });
}

/** The port by which the world sees a scheme; null where nothing listens, undefined where it cannot be read. */
function seenPort(raw: unknown, scheme: 'http' | 'https'): number | null | undefined {
  const listening = readEndpoints(valueAt(raw, ['listen', scheme]) ?? STANDARD_LISTEN[scheme]);
  if (!listening.ok) return undefined;
  const [first] = listening.value;
  if (first === undefined) return null;
  const written = valueAt(raw, ['public', scheme]);
  if (written === undefined) return first.port;
  const port = readInteger('a port', 0, 65_535)(written);
  return port.ok ? port.value : undefined;
}
