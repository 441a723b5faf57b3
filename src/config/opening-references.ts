// Owns the checks of openings: the route is there and can be opened, and the end makes sense.

import type { Draft } from './draft.ts';
import type { Report } from './finding.ts';
import { listOf, memberOf, textOf } from './loose.ts';
import { readMoment } from './moment.ts';
import { asCidr, readNetworks } from './networks.ts';
import { openingId } from './opening-id.ts';
import { list } from './route-references.ts';
import { nearest } from './suggest.ts';
import { writeDuration } from './units.ts';

const DAY_MS = 86_400_000;
const FAR_MS = 30 * DAY_MS;
const OPENABLE = ['ota-check', 'firmware'];
const WARNING = { severity: 'warning' } as const;

export function openingFaults(draft: Draft, now: number, report: Report): void {
  const roles = new Map([...draft.kept, ...draft.own].map((route) => [route.name, roleOf(route)]));
  const openable = [...roles].flatMap(([name, role]) => (name !== undefined && OPENABLE.includes(role) ? [name] : []));
  const seen = new Map<string, number>();
  for (const [index, opening] of listOf(memberOf(draft.raw, 'openings')).entries()) {
    const route = textOf(memberOf(opening, 'route'));
    const role = roles.get(route);
    if (route !== undefined && role === undefined && draft.whole.routes) {
      const near = nearest(route, openable);
      report(['openings', index, 'route'], {
        problem: 'names a route that does not exist',
        expected: `one of ${list(openable)}`,
        ...(near === undefined ? {} : { suggestion: near }),
      });
    }
    if (route !== undefined && role !== undefined && !OPENABLE.includes(role)) {
      report(['openings', index, 'route'], {
        problem: `names a route that ${role === 'refuse' ? 'refuses' : `has the role ${role}`}`,
        expected: `a route whose role is ota-check or firmware, since only these can be opened: ${list(openable)}`,
      });
    }
    const until = readMoment(memberOf(opening, 'until'));
    if (!until.ok) continue;
    untilWarning(index, until.value - now, report);
    const start = readMoment(memberOf(opening, 'start'));
    if (start.ok && start.value >= until.value) {
      report(['openings', index, 'start'], { problem: 'is not before until', expected: 'a moment before its end' });
    }
    const from = readNetworks(memberOf(opening, 'from') ?? []);
    if (route === undefined || !from.ok) continue;
    const id = openingId(route, from.value.map(asCidr), until.value, start.ok ? start.value : null);
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else
      report(
        ['openings', index],
        { problem: `is the same as openings[${first}]`, expected: 'each once' },
        { found: '' },
      );
  }
}

function untilWarning(index: number, remainingMs: number, report: Report): void {
  if (remainingMs <= 0) {
    report(['openings', index, 'until'], { problem: 'is in the past, so nothing is opened', expected: '' }, WARNING);
  } else if (remainingMs > FAR_MS) {
    const days = Math.floor(remainingMs / DAY_MS);
    const problem = `is ${days} days away, and plain HTTP stays open as long`;
    report(['openings', index, 'until'], { problem, expected: `at most ${writeDuration(FAR_MS)}` }, WARNING);
  }
}

/** The role, or `refuse`; a role that is not known is told elsewhere, and counts as one that can be opened. */
function roleOf(route: Draft['kept'][number] | Draft['own'][number]): string {
  const refuses = 'target' in route ? route.target.kind === 'refuse' : route.refuses;
  if (refuses) return 'refuse';
  return ['web', 'device', 'admin', ...OPENABLE].includes(route.role) ? route.role : 'ota-check';
}
