// Owns the checks between keys: what is missing, given twice, in each other's way, or without effect.
import { dirname } from 'node:path';
import { acmeFaults } from './acme-references.ts';
import { certificateFaults } from './certificate-files.ts';
import type { Draft } from './draft.ts';
import type { Place, Report } from './finding.ts';
import { readDomain } from './host-names.ts';
import { listenFaults } from './listen-references.ts';
import { entriesOf, listOf, memberOf, textOf, valueAt } from './loose.ts';
import { isEverywhere } from './networks.ts';
import { openingFaults } from './opening-references.ts';
import { PRESET_PORTS } from './presets.ts';
import { readSwitch } from './reading.ts';
import { rolloutFaults } from './rollout-references.ts';
import { routeFaults } from './route-references.ts';
import { NAME } from './schema.ts';
import { storeFaults } from './store.ts';
import { upstreamFileFaults } from './upstreams.ts';

const WARNING = { severity: 'warning' } as const;

/**
 * Reports every fault between keys. It works on a draft, so that one wrong value elsewhere hides none of them.
 * `file` is absolute; `now` is milliseconds since the epoch.
 */
export function referenceFaults(draft: Draft, file: string, now: number, report: Report): void {
  const listen = listenFaults(draft.raw, report);
  domainFaults(draft.raw, report);
  upstreamFaults(draft, report);
  routeFaults(draft, dirname(file), report);
  openingFaults(draft, now, report);
  storeFaults(draft.raw, dirname(file), report);
  rolloutFaults(draft.raw, report);
  const acme = acmeFaults(draft, dirname(file), report);
  certificateFaults(draft.raw, dirname(file), { ...listen, ...acme }, report);
  upstreamFileFaults(draft.raw, dirname(file), report);
  everywhereWarnings(draft.raw, report);
  proxyFault(draft.raw, report);
  rotationWarning(draft.raw, report);
}

function domainFaults(raw: unknown, report: Report): void {
  const [domain, domains] = [memberOf(raw, 'domain'), memberOf(raw, 'domains')];
  if (domain === undefined && domains === undefined) {
    report(['domain'], {
      problem: 'is missing',
      expected: 'the name by which devices reach the gate, such as ota.example.com',
    });
  }
  if (domain !== undefined && domains !== undefined) {
    report(['domain'], { problem: 'is there beside domains', expected: 'one of the two' }, { at: 'key' });
  }
  const seen = new Map<string, string>();
  for (const [index, value] of listOf(domains).entries()) {
    const name = readDomain(value);
    if (!name.ok) continue;
    const first = seen.get(name.value);
    if (first !== undefined)
      report(['domains', index], { problem: `is the same as ${first}`, expected: 'each name once' });
    else seen.set(name.value, `domains[${index}]`);
  }
  const main = domain === undefined ? (['domains', 0] as const) : (['domain'] as const);
  const name = readDomain(valueAt(raw, main));
  if (name.ok && name.value.includes(':')) {
    const problem = 'is an IPv6 address, and devices cannot read such an address in a link';
    report(main, { problem, expected: 'a name or an IPv4 address as the main domain' }, WARNING);
  }
}

function upstreamFaults(draft: Draft, report: Report): void {
  const { raw, presetName } = draft;
  const [upstream, upstreams] = [memberOf(raw, 'upstream'), memberOf(raw, 'upstreams')];
  const named = entriesOf(upstreams).map(([name]) => name);
  for (const name of named) {
    if (NAME.test(name)) continue;
    const expected = 'letters, digits, - and _, 64 at most, beginning with a letter or a digit';
    report(['upstreams', name], { problem: 'is not a name', expected }, { at: 'key' });
  }
  if (upstream === undefined && (upstreams === undefined || (named.length === 0 && draft.whole.upstreams))) {
    const expected = 'upstream: { preset: xiaozhi-full, host: … }, or upstreams and routes';
    report(['upstream'], { problem: 'is missing, and there are no upstreams', expected });
  } else if (upstream === undefined && listOf(memberOf(raw, 'routes')).length === 0) {
    report(['routes'], { problem: 'is missing, so nothing leads to the upstreams', expected: 'at least one route' });
  } else {
    const used = new Set(
      [...draft.own, ...draft.kept].map((route) => ('target' in route ? upstreamOf(route.target) : route.upstream)),
    );
    for (const name of named) {
      if (used.has(name) || !draft.whole.routes) continue;
      report(
        ['upstreams', name],
        { problem: 'is used by no route', expected: '' },
        { ...WARNING, at: 'key', found: '' },
      );
    }
  }
  if (upstream === undefined && memberOf(raw, 'otaOverHttp') !== undefined) {
    const expected = 'plainHttp on each route instead';
    report(['otaOverHttp'], { problem: 'sets the routes of a preset, and there is none', expected });
  }
  if (memberOf(raw, 'otaOverHttp') === 'always') {
    const problem = 'lets everyone fetch firmware without TLS: whoever sits on the line can then hand out another one';
    report(['otaOverHttp'], { problem, expected: 'lan, with an opening for the time of an upgrade' }, WARNING);
  }
  if (presetName === undefined) return;
  const ports = Object.keys(PRESET_PORTS[presetName]);
  for (const [name] of entriesOf(valueAt(raw, ['upstream', 'ports']))) {
    if (ports.includes(name)) continue;
    report(
      ['upstream', 'ports', name],
      { problem: `is no port of ${presetName}`, expected: ports.join(', ') },
      { at: 'key' },
    );
  }
}

function upstreamOf(target: { kind: string; upstream?: string }): string | undefined {
  return target.upstream;
}

function proxyFault(raw: unknown, report: Report): void {
  const proxyProtocol = readSwitch(valueAt(raw, ['trustedProxies', 'proxyProtocol']));
  const from = valueAt(raw, ['trustedProxies', 'from']);
  if (!proxyProtocol.ok || !proxyProtocol.value || (from !== undefined && !isEmpty(from))) return;
  const expected = 'trustedProxies.from with the addresses of the proxies that speak it';
  report(['trustedProxies', 'proxyProtocol'], { problem: 'is on for nobody', expected });
}

function rotationWarning(raw: unknown, report: Report): void {
  const log = memberOf(raw, 'log');
  if (memberOf(log, 'rotate') === undefined || memberOf(log, 'file') !== undefined) return;
  if (memberOf(log, 'access') !== undefined) return;
  const problem = 'has nothing to put aside: the log goes to standard output';
  report(['log', 'rotate'], { problem, expected: 'log.file or log.access beside it' }, { ...WARNING, at: 'key' });
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function everywhereWarnings(raw: unknown, report: Report): void {
  const meanings: [Place, string][] = [
    [['networks', 'lan'], 'makes every address count as the local network'],
    [['trustedProxies', 'from'], 'lets every client say what its address is'],
  ];
  for (const [place, problem] of meanings) {
    const value = valueAt(raw, place);
    const members = Array.isArray(value)
      ? value.map((each, index) => [[...place, index], each] as const)
      : [[place, value] as const];
    for (const [where, member] of members) {
      if (isEverywhere(textOf(member) ?? ''))
        report(where, { problem, expected: 'the networks that are meant' }, WARNING);
    }
  }
}
