// Owns the checks of what a route says beside its place: keys that have no place on it, files that are not there, and dangers.
import { statSync } from 'node:fs';
import type { Draft, DraftRoute } from './draft.ts';
import type { Report } from './finding.ts';
import { memberOf, textOf, valueAt } from './loose.ts';
import { readPageFile } from './page-file.ts';
import { readPasswordFile } from './password-file.ts';
import { fromFolder } from './paths.ts';
import { routeKeys } from './route-keys.ts';

const WARNING = { severity: 'warning' } as const;
const KEYS = Object.keys(routeKeys);
const DEVICE_ROLES = ['device', 'ota-check', 'firmware'];

/** What a route for devices cannot have, and why. */
const NOT_FOR_DEVICES: Record<string, string> = {
  redirect: 'no device follows a redirect',
  files: 'a folder knows nothing of devices: take an upstream',
  basicAuth: 'no device sends a name and a password',
  compress: 'no device reads a compressed body',
  hsts: 'no device keeps it',
  errorPage: 'no device shows a page',
};

/** What only a request that goes upstream can have. */
const UPSTREAM_ONLY = ['upstreamPath', 'upstreamHeaders', 'bodyMax', 'timeouts'];

/** `folder` is that of the configuration: relative paths start there. */
export function routeKeyFaults(draft: Draft, route: DraftRoute, folder: string, report: Report): void {
  const there = new Set(KEYS.filter((key) => valueAt(draft.raw, [...route.place, key]) !== undefined));
  if (there.size === 0) return;
  placeFaults(route, there, report);
  fileFaults(draft, route, folder, report);
  upstreamPathFault(draft, route, report);
  const to = textOf(valueAt(draft.raw, [...route.place, 'redirect', 'to']));
  if (to !== undefined && /^(https?:\/\/\{host\})?\{uri\}$/.test(to)) {
    const expected = 'another name or another path; plain HTTP is moved to https without a route for it';
    report([...route.place, 'redirect', 'to'], { problem: 'leads back to itself', expected });
  }
  if (there.has('basicAuth') && route.plainHttp !== 'never' && !DEVICE_ROLES.includes(route.role)) {
    const problem = 'lets passwords come by plain HTTP, which anyone on the line can read';
    report(
      [...route.place, 'basicAuth'],
      { problem, expected: 'plainHttp: never on this route' },
      { ...WARNING, at: 'key' },
    );
  }
  if (there.has('hsts')) hstsWarning(draft, route, report);
}

function placeFaults({ place, role, refuses }: DraftRoute, there: Set<string>, report: Report): void {
  const refuse = (key: string, problem: string, expected: string): void =>
    report([...place, key], { problem, expected }, { at: 'key' });
  const idle = (key: string, on: string): void =>
    report([...place, key], { problem: `has no effect on ${on}`, expected: '' }, { ...WARNING, at: 'key' });
  for (const key of there) {
    const why = DEVICE_ROLES.includes(role) ? NOT_FOR_DEVICES[key] : undefined;
    if (why !== undefined)
      refuse(key, `has no place on a route with role: ${role}: ${why}`, 'role: web, or without it');
    else if (role === 'admin' && key !== 'allow' && key !== 'deny') {
      refuse(
        key,
        'has no place on a route with role: admin, which has logins and answers of its own',
        'only allow and deny',
      );
    } else if (refuses && key !== 'redirect' && key !== 'files' && key !== 'errorPage')
      idle(key, 'a route that refuses');
    else if (there.has('redirect') && !['redirect', 'files', 'allow', 'deny', 'hsts'].includes(key))
      idle(key, 'a redirect');
    else if (there.has('files') && UPSTREAM_ONLY.includes(key)) idle(key, 'a route with files');
  }
}

function fileFaults({ raw }: Draft, { place }: DraftRoute, folder: string, report: Report): void {
  const password = textOf(valueAt(raw, [...place, 'basicAuth', 'file']));
  if (password) {
    const read = readPasswordFile(fromFolder(folder, password));
    if (!read.ok) for (const { at: _, ...wrong } of read.wrongs) report([...place, 'basicAuth', 'file'], wrong);
  }
  const page = textOf(valueAt(raw, [...place, 'errorPage']));
  if (page) {
    const read = readPageFile(fromFolder(folder, page));
    if (!read.ok) for (const { at: _, ...wrong } of read.wrongs) report([...place, 'errorPage'], wrong);
  }
  const files = textOf(valueAt(raw, [...place, 'files']));
  if (files && !isFolder(fromFolder(folder, files))) {
    report([...place, 'files'], { problem: 'is no folder', expected: `a folder; relative paths start at ${folder}` });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function upstreamPathFault({ raw }: Draft, { place, path, role }: DraftRoute, report: Report): void {
  const upstreamPath = textOf(valueAt(raw, [...place, 'upstreamPath']));
  if (upstreamPath === undefined || path === undefined) return;
  if (role === 'firmware') {
    const problem =
      'has no place on a route with role: firmware: links in replies are found by the upstream’s own path';
    report([...place, 'upstreamPath'], { problem, expected: 'path as the upstream has it' }, { at: 'key' });
  } else if (upstreamPath.endsWith('/') !== path.endsWith('/')) {
    const expected = path.endsWith('/')
      ? 'a path that ends in /, as path does'
      : 'a path that does not end in /, as path does not';
    report([...place, 'upstreamPath'], { problem: 'does not go with path', expected });
  }
}

/** A name for which HSTS was said once is asked by https alone, by all that keep it: on every path. */
function hstsWarning(draft: Draft, { place, host }: DraftRoute, report: Report): void {
  const raw = memberOf(valueAt(draft.raw, place), 'hsts');
  if (raw === '0s' || raw === 0) return;
  const sameName = (other: string | undefined): boolean => other === undefined || host === undefined || other === host;
  const device = [...draft.own, ...draft.kept].find(
    (each) => DEVICE_ROLES.includes(each.role) && each.plainHttp !== 'never' && sameName(each.host),
  );
  if (device === undefined) return;
  const problem = `is for the whole name, under which devices come by plain HTTP (route ${device.name}): a client that keeps it will not any more`;
  report([...place, 'hsts'], { problem, expected: 'a host of its own for browsers' }, WARNING);
}
