// Owns where a location leads: an upstream, a folder, elsewhere, or nowhere.
import { isAbsolute, join } from 'node:path';
import type { RedirectStatus } from '../config/config.ts';
import type { Notes } from './notes.ts';
import { inForce, type Location } from './sites.ts';
import type { Directive } from './syntax.ts';

export type Target =
  | { kind: 'upstream'; name: string | null; origins: string[]; upstreamPath: string | null }
  | { kind: 'redirect'; to: string; status: RedirectStatus }
  /** To the same address by https, which the gate does by itself. */
  | { kind: 'to-https' }
  | { kind: 'files'; folder: string }
  | { kind: 'refuse' }
  /** No route: the gate answers 404 by itself. */
  | { kind: 'nothing' };

/** What a location, or a server outside of its locations, does with a request; null where nothing could be made of it. */
export function targetOf(location: Location, upstreams: ReadonlyMap<string, Directive>, notes: Notes): Target | null {
  const ownReturn = [...location.own, ...location.server.own].find(({ name }) => name === 'return');
  if (ownReturn !== undefined) return returnTarget(ownReturn, location.path, notes);
  const moved = location.own.find(({ name }) => name === 'rewrite');
  if (moved !== undefined && isToHttps(moved)) return { kind: 'to-https' };
  const pass = location.own.find(({ name }) => name === 'proxy_pass');
  if (pass !== undefined) return passTarget(pass, location, upstreams, notes);
  const deny = location.own.filter(({ name }) => name === 'deny' || name === 'allow');
  if (deny.length === 1 && deny[0]?.name === 'deny' && deny[0].args[0] === 'all') return { kind: 'refuse' };
  return filesTarget(location);
}

/** The line by which a server of these names sends everything to https, in one of the ways in which people write it. */
export function movesToHttps(own: readonly Directive[], names?: readonly string[]): Directive | undefined {
  const isTo = (directive: Directive): boolean => isToHttps(directive, names);
  const inIf = own
    .filter(({ name, args }) => name === 'if' && /\$(scheme|https|server_port)/.test(args.join(' ')))
    .find(({ block }) => block?.some(isTo));
  return own.find(isTo) ?? inIf;
}

/** `names`: one of these may stand in place of `$host`; any name, where they are left out. */
function isToHttps({ name, args }: Directive, names?: readonly string[]): boolean {
  const text = args.join(' ');
  const host = /https:\/\/([\w.-]+)/.exec(text)?.[1];
  if (host !== undefined && names !== undefined && !names.includes(host)) return false;
  if (name === 'return')
    return /^30[1278] https:\/\/(\$host|\$server_name|\$http_host|[\w.-]+)(:\d+)?\$request_uri$/.test(text);
  return (
    name === 'rewrite' &&
    /^\S+ https:\/\/(\$host|\$server_name|\$http_host)\S*(\$1|\$request_uri)\S*( \w+)?$/.test(text)
  );
}

function returnTarget(directive: Directive, path: string, notes: Notes): Target | null {
  const [first = '', second = ''] = directive.args;
  const status = /^\d{3}$/.test(first) ? Number(first) : 302;
  const to = /^\d{3}$/.test(first) ? second : first;
  if (status >= 300 && status < 400) {
    if (isToHttps(directive) && /\$(host|server_name|http_host)/.test(to)) return { kind: 'to-https' };
    const place = to
      .replaceAll('$request_uri', '{uri}')
      .replace(/\$(host|server_name|http_host)/g, '{host}')
      .replaceAll('$scheme://', 'https://');
    const known = ([301, 302, 307, 308] as const).find((each) => each === status);
    if (known === undefined || /\$|[{}](?!host\}|uri\})/.test(place.replace(/\{(host|uri)\}/g, ''))) {
      notes.leave(directive, 'only {host} and {uri} can stand in a redirect');
      return null;
    }
    return { kind: 'redirect', to: place, status: known };
  }
  if (status === 403) return { kind: 'refuse' };
  if (status === 404 && path === '/') return { kind: 'nothing' };
  if ([400, 401, 404, 405, 410, 444].includes(status)) {
    notes.leave(directive, 'refused with 403 here');
    return { kind: 'refuse' };
  }
  notes.leave(directive, 'the gate answers with no text of its own: put it into a file, and the folder into files');
  return null;
}

function passTarget(
  directive: Directive,
  location: Location,
  upstreams: ReadonlyMap<string, Directive>,
  notes: Notes,
): Target | null {
  const match = /^(https?):\/\/([^/$?]+)(\/[^$?]*)?$/.exec(directive.args[0] ?? '');
  if (match === null) {
    notes.leave(directive, 'an upstream is a name and a port: no variables, no sockets here');
    return null;
  }
  const [, scheme = 'http', authority = '', uri] = match;
  const block = upstreams.get(authority);
  const origins = block === undefined ? [`${scheme}://${authority}`] : serversOf(block, scheme, notes);
  if (origins.length === 0) return null;
  const name = block === undefined ? null : authority.replace(/[^A-Za-z0-9_-]/g, '-');
  if (uri === undefined || location.kind === 'exact') {
    const exactPath = uri !== undefined && uri !== location.path ? uri : null;
    return { kind: 'upstream', name, origins, upstreamPath: exactPath };
  }
  const [from, to] = [withSlash(location.path), withSlash(uri)];
  if (location.path.endsWith('/') !== uri.endsWith('/') && uri !== '/') {
    notes.leave(directive, `${location.path} becomes ${uri} without a slash between: taken as ${from} becoming ${to}`);
  }
  return { kind: 'upstream', name, origins, upstreamPath: from === to ? null : to };
}

function serversOf(block: Directive, scheme: string, notes: Notes): string[] {
  return (block.block ?? []).flatMap((each): string[] => {
    if (each.name !== 'server') {
      if (!/^(keepalive.*|zone|least_conn)$/.test(each.name)) notes.leave(each, 'upstreams are chosen by the gate');
      return [];
    }
    const [address = '', ...words] = each.args;
    if (address.startsWith('unix:') || words.includes('down')) {
      notes.leave(each, 'left out of the upstream');
      return [];
    }
    if (words.length > 0) notes.leave(each, `taken without ${words.join(' ')}`);
    return [`${scheme}://${/:\d+$/.test(address) ? address : `${address}:${scheme === 'https' ? 443 : 80}`}`];
  });
}

function filesTarget(location: Location): Target | null {
  const alias = location.own.find(({ name }) => name === 'alias');
  const root = inForce(location, 'root')[0];
  const folder = alias?.args[0] ?? (root === undefined ? undefined : join(root.args[0] ?? '', location.path));
  if (folder === undefined || folder.includes('$')) return null;
  return { kind: 'files', folder: isAbsolute(folder) ? folder : join(location.server.root, folder) };
}

/** `/a/` for `/a`: a route that goes by a beginning ends in a slash. */
export function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
