// Owns the checks of routes against each other, against the upstreams and against the domains.
import type { Draft, DraftRoute } from './draft.ts';
import { type Report, writePlace } from './finding.ts';
import { covers } from './host-names.ts';
import { valueAt } from './loose.ts';
import { replaces } from './presets.ts';
import { routeKeyFaults } from './route-key-faults.ts';
import { ROLES } from './schema.ts';
import { nearest } from './suggest.ts';

const WARNING = { severity: 'warning' } as const;

/** `folder` is that of the configuration. */
export function routeFaults(draft: Draft, folder: string, report: Report): void {
  for (const route of draft.own) {
    if (leadsToAdmin(route)) adminFaults(draft, route, report);
    else targetFaults(draft, route, report);
    hostFault(draft, route, report);
    plainHttpWarning(route, report);
    unguardedWarning(draft, route, report);
    routeKeyFaults(draft, route, folder, report);
  }
  twins(draft.own, 'name', (route) => route.name, report);
  const pathOf = (route: DraftRoute): string | undefined => route.path && `${route.host ?? ''} ${route.path}`;
  twins(draft.own, 'path', pathOf, report);
}

/** A misspelt role is told of by itself: an upstream is then not missing as well. */
function leadsToAdmin({ role }: DraftRoute): boolean {
  return role === 'admin' || (!ROLES.some((each) => each === role) && nearest(role, ROLES) === 'admin');
}

/** The control process answers there and nothing else, and its page lives at the root of a name. */
function adminFaults(draft: Draft, route: DraftRoute, report: Report): void {
  const { place, path, host, name } = route;
  const isThere = (key: string): boolean => valueAt(draft.raw, [...place, key]) !== undefined;
  for (const key of ['upstream', 'refuse']) {
    if (key === 'refuse' ? !route.refuses : !isThere(key)) continue;
    report([...place, key], { problem: 'is there beside role: admin', expected: 'one of the two' }, { at: 'key' });
  }
  if (isThere('plainHttp')) {
    const problem = 'has no effect on a route with role: admin, which nobody reaches by plain HTTP';
    report([...place, 'plainHttp'], { problem, expected: '' }, { ...WARNING, at: 'key' });
  }
  if (draft.preset.routes.some((preset) => preset.name === name)) {
    const problem = 'is the name of a preset’s route, which the admin interface would replace';
    report([...place, 'name'], { problem, expected: 'another name' });
  }
  if (path !== '/') {
    if (path === undefined) return;
    const expected = 'path: / with a host of its own, since the page lives at the root of a name';
    report([...place, 'path'], { problem: 'is not the root', expected });
    return;
  }
  const other = rootBeside(draft, route);
  if (other !== undefined && host === undefined) {
    const problem = `is missing, and without it the admin interface takes the place of route ${other} at /`;
    report([...place, 'host'], { problem, expected: `a host of its own, one of ${list(draft.domains)}` });
  } else if (other !== undefined && draft.whole.domains && [...draft.domains].every((domain) => domain === host)) {
    const problem = `is the only domain, which leaves route ${other} without a name`;
    report([...place, 'host'], { problem, expected: 'a domain of its own, beside the others in domains' }, WARNING);
  }
  for (const each of draft.own) sharedNameWarning(route, each, report);
}

/** The name of another route for the root that the admin interface would be in the way of. */
function rootBeside(draft: Draft, admin: DraftRoute): string | undefined {
  const others = draft.own.filter((each) => each !== admin);
  const ofPreset = draft.preset.routes.filter((each) => !others.some((other) => replaces(other, each)));
  const roots = [...ofPreset, ...others].filter(({ path }) => path === '/');
  if (admin.host !== undefined) return roots.find(({ host }) => host === undefined)?.name;
  // The same path twice, both for every name, is told of by itself.
  return roots.find((each) => 'target' in each || each.host !== undefined)?.name;
}

/** A browser takes all that comes under one name for one site. */
function sharedNameWarning(admin: DraftRoute, { place, role, upstream, host, path }: DraftRoute, report: Report): void {
  if (role !== 'web' || upstream === undefined || path === '/') return;
  if (host !== undefined && admin.host !== undefined && host !== admin.host) return;
  const problem = `is under the name of the admin interface (route ${admin.name}): its pages could act for who is logged in`;
  report([...place, 'path'], { problem, expected: 'a host for each of them' }, WARNING);
}

/** Exactly one of `upstream`, `files`, `redirect` and `refuse: true`, and the upstream is there. */
function targetFaults(draft: Draft, { place, upstream, refuses }: DraftRoute, report: Report): void {
  const route = valueAt(draft.raw, place);
  if (typeof route !== 'object' || route === null || Array.isArray(route)) return;
  const targets = ['upstream', 'files', 'redirect'].filter((key) => valueAt(draft.raw, [...place, key]) !== undefined);
  const [first, second] = targets;
  if (refuses && first !== undefined) {
    report(
      [...place, 'refuse'],
      { problem: `is there beside ${first}`, expected: 'one of the two' },
      { at: 'key', found: 'true' },
    );
  } else if (second !== undefined) {
    report([...place, second], { problem: `is there beside ${first}`, expected: 'one of the two' }, { at: 'key' });
  }
  if (!refuses && targets.length === 0) {
    report([...place, 'upstream'], {
      problem: 'is missing',
      expected: `the name of an upstream (${list(draft.upstreams)}), files, redirect, refuse: true, or role: admin`,
    });
  }
  if (refuses) {
    for (const key of ['role', 'plainHttp']) {
      if (valueAt(draft.raw, [...place, key]) === undefined) continue;
      report(
        [...place, key],
        { problem: 'has no effect on a route that refuses', expected: '' },
        { ...WARNING, at: 'key' },
      );
    }
  }
  if (upstream === undefined || draft.upstreams.has(upstream) || !draft.whole.upstreams) return;
  const near = nearest(upstream, draft.upstreams);
  report([...place, 'upstream'], {
    problem: 'names an upstream that does not exist',
    expected: `one of ${list(draft.upstreams)}`,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

function hostFault(draft: Draft, { place, host }: DraftRoute, report: Report): void {
  if (host === undefined || !draft.whole.domains) return;
  if ([...draft.domains].some((domain) => covers(domain, host))) return;
  const near = nearest(host, draft.domains);
  report([...place, 'host'], {
    problem: 'is not among the domains',
    expected: `one of ${list(draft.domains)}`,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

function plainHttpWarning({ place, role, plainHttp }: DraftRoute, report: Report): void {
  if (plainHttp !== 'always' || (role !== 'ota-check' && role !== 'firmware')) return;
  const problem = 'lets everyone fetch firmware without TLS: whoever sits on the line can then hand out another one';
  report([...place, 'plainHttp'], { problem, expected: 'lan, with an opening for the time of an upgrade' }, WARNING);
}

/** A preset refuses what must not be reached from outside; a route that happens to have its name would open it. */
function unguardedWarning(draft: Draft, route: DraftRoute, report: Report): void {
  if (route.refuses) return;
  const guard = draft.preset.routes.find((each) => each.target.kind === 'refuse' && replaces(route, each));
  if (guard === undefined) return;
  const problem = `takes the place of a route that refuses ${guard.path} to everyone`;
  report([...route.place, route.name === guard.name ? 'name' : 'path'], { problem, expected: '' }, WARNING);
}

function twins(
  routes: DraftRoute[],
  key: 'name' | 'path',
  identity: (route: DraftRoute) => string | undefined,
  report: Report,
): void {
  const seen = new Map<string, DraftRoute>();
  for (const route of routes) {
    const same = identity(route);
    if (same === undefined || same === '') continue;
    const first = seen.get(same);
    if (first === undefined) seen.set(same, route);
    else {
      const expected = key === 'name' ? 'another name' : 'another path, or another host';
      report([...route.place, key], { problem: `is the same as ${writePlace([...first.place, key])}`, expected });
    }
  }
}

/** Some of the names, for a message. */
export function list(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, 12).join(', ');
  if (all.length === 0) return 'none is defined';
  return all.length > 12 ? `${shown} and ${all.length - 12} more` : shown;
}
