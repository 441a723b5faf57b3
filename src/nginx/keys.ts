// Owns what stands in a location beside its target, as the keys of a route.
import { isAbsolute, join } from 'node:path';
import { readHeaderName, readHeaderValue } from '../config/header-names.ts';
import { readNetwork } from '../config/networks.ts';
import { writeDuration } from '../config/units.ts';
import { needlessBecause } from './needless.ts';
import type { Notes } from './notes.ts';
import { inForce, type Location } from './sites.ts';
import type { Directive } from './syntax.ts';
import { movesToHttps } from './targets.ts';

export type Keys = Record<string, unknown>;

const OF_THE_TARGET =
  /^(proxy_pass|return|root|alias|allow|deny|auth_basic.*|client_max_body_size|proxy_(connect|read|send)_timeout|proxy_set_header|add_header|proxy_hide_header|gzip|ssl|ssl_certificate.*|listen|server_name|index|try_files)$/;

/** The keys of a route from all that holds in a location. `isDevice`: without what no device can do anything with. */
export function keysOf(location: Location, isDevice: boolean, notes: Notes): Keys {
  return {
    ...networks(
      inForce(location, 'allow').length + inForce(location, 'deny').length > 0 ? accessLines(location) : [],
      notes,
    ),
    ...(isDevice ? {} : basicAuth(location, notes)),
    ...(isDevice ? {} : answerHeaders(location, notes)),
    ...upstreamHeaders(location, notes),
    // What is said for the whole console is not meant for a device.
    ...(isDevice && !location.own.some(({ name }) => name === 'client_max_body_size') ? {} : bodyMax(location, notes)),
    ...timeouts(location, notes),
    ...(!isDevice && inForce(location, 'gzip')[0]?.args[0] === 'on' ? { compress: true } : {}),
  };
}

/** Tells of every directive of a block that means nothing to a route. */
export function accountFor(directives: readonly Directive[], notes: Notes): void {
  for (const directive of directives) {
    const { name, args } = directive;
    if (name === 'try_files' && !/^(=\d+|\$uri\/?)$/.test(args.at(-1) ?? '')) {
      notes.leave(directive, 'a path without a file is 404 here');
    } else if (name === 'index' && !args.includes('index.html')) {
      notes.leave(directive, 'the page of a folder is index.html here');
    } else if (OF_THE_TARGET.test(name)) {
      if (name === 'index' || name === 'try_files') notes.needless(directive, needlessBecause(name) ?? '');
    } else {
      const why = needlessBecause(name);
      if (why !== undefined) notes.needless(directive, why);
      else if (name === 'map' && args[0] === '$http_upgrade')
        notes.needless(directive, 'WebSockets are upgraded by themselves');
      else if (movesToHttps([directive]) === undefined) notes.leave(directive, 'there is nothing like it here');
    }
  }
}

/** allow and deny hold together, in their order, at the innermost level that has any of them. */
function accessLines({ own, server }: Location): Directive[] {
  for (const level of [own, server.own, server.around]) {
    const found = level.filter(({ name }) => name === 'allow' || name === 'deny');
    if (found.length > 0) return found;
  }
  return [];
}

function networks(lines: Directive[], notes: Notes): Keys {
  const allow: string[] = [];
  const deny: string[] = [];
  let closed = false;
  for (const line of lines) {
    const [who = ''] = line.args;
    if (who === 'all') {
      closed = line.name === 'deny';
      break;
    }
    const network = readNetwork(who);
    if (!network.ok) {
      notes.leave(line, 'is neither an address nor a network');
      continue;
    }
    if (line.name === 'deny' && allow.length > 0) {
      notes.leave(line, 'stands behind an allow, and here deny counts first: look whether both are meant');
    }
    (line.name === 'allow' ? allow : deny).push(network.value);
  }
  return {
    // `allow` without `deny all` keeps nobody out.
    ...(closed ? { allow } : {}),
    ...(deny.length > 0 ? { deny } : {}),
  };
}

function basicAuth(location: Location, notes: Notes): Keys {
  const [realm] = inForce(location, 'auth_basic');
  if (realm === undefined || realm.args[0] === 'off') return {};
  const [file] = inForce(location, 'auth_basic_user_file');
  if (file === undefined) {
    notes.leave(realm, 'auth_basic_user_file is missing');
    return {};
  }
  const path = file.args[0] ?? '';
  const absolute = isAbsolute(path) ? path : join(location.server.root, path);
  return { basicAuth: { file: absolute, realm: realm.args[0] ?? 'otagate' } };
}

function answerHeaders(location: Location, notes: Notes): Keys {
  const set: Record<string, string> = {};
  let hsts: string | undefined;
  for (const directive of inForce(location, 'add_header')) {
    const [name = '', value = ''] = directive.args;
    const age = /max-age="?(\d+)/i.exec(value)?.[1];
    if (name.toLowerCase() === 'strict-transport-security' && age !== undefined) {
      hsts = writeDuration(Number(age) * 1000);
      if (/includeSubDomains|preload/i.test(value)) notes.leave(directive, 'hsts is for this name alone');
      continue;
    }
    const [key, text] = [readHeaderName(name, 'to-client'), readHeaderValue(value)];
    if (key.ok && text.ok) set[name] = text.value;
    else notes.leave(directive, [key, text].flatMap((each) => (each.ok ? [] : each.wrongs))[0]?.problem ?? '');
  }
  const remove = inForce(location, 'proxy_hide_header').flatMap((directive): string[] => {
    const [name = ''] = directive.args;
    const key = readHeaderName(name, 'to-client');
    if (key.ok) return [name];
    notes.leave(directive, key.wrongs[0]?.problem ?? '');
    return [];
  });
  const changed = Object.keys(set).length > 0 || remove.length > 0;
  return { ...(changed ? { headers: { set, remove } } : {}), ...(hsts === undefined ? {} : { hsts }) };
}

/** What the gate says to an upstream by itself: who the client is, by which name and scheme it came, and how to upgrade. */
const SAID_BY_THE_GATE =
  /^(host|x-real-ip|x-forwarded-.*|forwarded|upgrade|connection|x-request-id|x-client-ip|x-original-.*|remote-host|accept-encoding)$/i;

function upstreamHeaders(location: Location, notes: Notes): Keys {
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const directive of inForce(location, 'proxy_set_header')) {
    const [name = '', value = ''] = directive.args;
    if (SAID_BY_THE_GATE.test(name)) {
      if (/^host$/i.test(name) && !value.startsWith('$'))
        notes.leave(directive, 'upstreams are asked by the name of the gate');
      else notes.needless(directive, 'the gate says so by itself');
      continue;
    }
    const [key, text] = [readHeaderName(name, 'to-upstream'), readHeaderValue(value)];
    if (key.ok && value === '') remove.push(name);
    else if (key.ok && text.ok) set[name] = text.value;
    else notes.leave(directive, [key, text].flatMap((each) => (each.ok ? [] : each.wrongs))[0]?.problem ?? '');
  }
  return Object.keys(set).length > 0 || remove.length > 0 ? { upstreamHeaders: { set, remove } } : {};
}

function bodyMax(location: Location, notes: Notes): Keys {
  const [directive] = inForce(location, 'client_max_body_size');
  if (directive === undefined) return {};
  const [, amount = '', unit = ''] = /^(\d+)([kmg]?)$/i.exec(directive.args[0] ?? '') ?? [];
  if (amount === '') notes.leave(directive, 'is no size');
  if (amount === '' || Number(amount) === 0) return {};
  return { bodyMax: unit === '' ? Number(amount) : `${amount}${unit.toUpperCase()}iB` };
}

function timeouts(location: Location, notes: Notes): Keys {
  const times: Record<string, string> = {};
  const webSocket = inForce(location, 'proxy_set_header').some(({ args }) => /^upgrade$/i.test(args[0] ?? ''));
  const take = (name: string, keys: Record<string, number>): void => {
    const [directive] = inForce(location, name);
    if (directive === undefined) return;
    const seconds = secondsOf(directive.args[0] ?? '');
    if (seconds === null) notes.leave(directive, 'is no time');
    else if (webSocket) notes.needless(directive, 'WebSockets have no limit of time');
    else for (const [key, most] of Object.entries(keys)) times[key] = `${Math.max(1, Math.min(seconds, most))}s`;
  };
  take('proxy_connect_timeout', { connect: 60 });
  take('proxy_read_timeout', { reply: 1800, idle: 86_400 });
  const [sending] = inForce(location, 'proxy_send_timeout');
  if (sending !== undefined) notes.needless(sending, 'an upload has no limit but that of silence');
  return Object.keys(times).length > 0 ? { timeouts: times } : {};
}

/** `90`, `90s`, `5m`, `1h 30m`. */
function secondsOf(text: string): number | null {
  const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, ms: 0.001 };
  const parts = [...text.matchAll(/(\d+)(ms|[smhd]?)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text.replace(/\s/g, '')) return null;
  return Math.ceil(parts.reduce((sum, [, amount = '0', unit = '']) => sum + Number(amount) * (units[unit] ?? 0), 0));
}
