// Owns what a route may say beside its place and its target: who may come, what is changed on the way, and how long it may take.
import { z } from 'zod';
import type { HeaderChanges, RedirectStatus, RouteConfig } from './config.ts';
import { readHeaderName, readHeaderValue } from './header-names.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { entriesOf } from './loose.ts';
import { readNetwork } from './networks.ts';
import { readPageFile } from './page-file.ts';
import { readPasswordFile } from './password-file.ts';
import { type NamedPaths, readFilePath, readRoutePath } from './paths.ts';
import { good, oneOrMore, type Reader, type Reading, readSwitch, readText, unfit, wrong } from './reading.ts';
import { between, readDuration, readSize, writeDuration, writeSize } from './units.ts';

const DAY = 86_400_000;
const MAX_CHANGES = 50;
const NETWORKS = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
const NETWORK_EXPECTED = 'lan, or an address or a network in CIDR notation, such as 192.168.1.0/24';
const STATUSES: readonly RedirectStatus[] = [301, 302, 307, 308];

/** Networks, with the word `lan` for those of networks.lan. */
const readPeople = oneOrMore<string>(
  (value) => (value === 'lan' ? good('lan') : readNetwork(value, NETWORK_EXPECTED)),
  1000,
);

/** An address or a path to send somebody to, in which `{host}` and `{uri}` are the request's own. */
function readRedirectTo(value: unknown): Reading<string> {
  const expected =
    'a path or an http(s) URL, in which {host} and {uri} may stand, such as https://new.example.com{uri}';
  if (typeof value !== 'string') return unfit(value, expected);
  if (/[^\x21-\x7e]|["<>\\^`]/.test(value) || value.length > 2000) return wrong('cannot stand in a Location', expected);
  const variable = /\$[a-z_{]\w*/i.exec(value)?.[0];
  if (variable === '$request_uri' || variable === '$host') {
    return wrong(
      'holds a variable of nginx',
      expected,
      value.replaceAll('$request_uri', '{uri}').replaceAll('$host', '{host}'),
    );
  }
  const filled = value.replaceAll('{host}', 'host.example').replaceAll('{uri}', '/');
  if (/[{}]/.test(filled)) return wrong('holds braces that are neither {host} nor {uri}', expected);
  if (filled.startsWith('/') && !filled.startsWith('//')) return good(value);
  return /^https?:\/\//.test(filled) && URL.canParse(filled)
    ? good(value)
    : wrong('is neither a path nor a URL', expected);
}

function readRedirectStatus(value: unknown): Reading<RedirectStatus> {
  const status = STATUSES.find((each) => each === Number(value));
  return status === undefined ? wrong('is no status of a redirect', '301, 302, 307 or 308') : good(status);
}

/** Names to set and their values, or names to remove. */
function readSet(way: 'to-upstream' | 'to-client'): Reader<Record<string, string>> {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return unfit(value, 'names and values');
    const set: Record<string, string> = Object.create(null);
    for (const [name, text] of entriesOf(value)) {
      const [key, content] = [readHeaderName(name, way), readHeaderValue(text)];
      if (!key.ok) return naming(name, key.wrongs);
      if (!content.ok) return naming(name, content.wrongs);
      set[key.value] = content.value;
    }
    return Object.keys(set).length > MAX_CHANGES ? wrong('has too many members', `${MAX_CHANGES} at most`) : good(set);
  };
}

function naming<T>(name: string, wrongs: { problem: string; expected: string }[]): Reading<T> {
  return { ok: false, wrongs: wrongs.map(({ problem, expected }) => ({ problem: `${name} ${problem}`, expected })) };
}

const changes = (way: 'to-upstream' | 'to-client', description: string) =>
  z
    .strictObject({
      set: leaf(readSet(way), { description: 'Names and their values.', type: 'object' }).prefault({}),
      remove: leaf(
        oneOrMore((name) => readHeaderName(name, way), MAX_CHANGES),
        {
          description: 'Names that are left out.',
          ...NETWORKS,
        },
      ).prefault([]),
    })
    .optional()
    .meta({ description });

const duration = (min: number, max: number, description: string) =>
  leaf(between(readDuration, min, max, writeDuration), { description, type: 'string' }).optional();
const file = (description: string) => leaf(readFilePath, { description, type: 'string' });

/** The keys, for the schema of a route. */
export const routeKeys = {
  redirect: z
    .strictObject({
      to: leaf(readRedirectTo, {
        description: 'A URL or a path. {host} is the name that was asked for, {uri} the path with its query.',
        type: 'string',
        examples: ['https://new.example.com{uri}'],
      }),
      status: leaf(readRedirectStatus, { description: '301, 302, 307 or 308.', ...NUMBER_OR_TEXT }).prefault(302),
    })
    .optional()
    .meta({ description: 'Send browsers elsewhere. Never on a device route: no device follows one.' }),
  files: file('A folder whose files are served. In place of upstream.').optional(),
  upstreamPath: leaf(readRoutePath, {
    description: 'What stands in place of path when the request goes upstream.',
    type: 'string',
    examples: ['/'],
  }).optional(),
  allow: leaf(readPeople, {
    description: 'Only clients from these networks; lan stands for networks.lan.',
    ...NETWORKS,
  }).optional(),
  deny: leaf(readPeople, { description: 'No clients from these networks.', ...NETWORKS }).optional(),
  basicAuth: z
    .strictObject({
      file: file('Names and hashed passwords, as htpasswd -B writes them.'),
      realm: leaf(readText('what the browser shows', 100), {
        description: 'What the browser shows.',
        type: 'string',
      }).prefault('otagate'),
    })
    .optional()
    .meta({ description: 'Ask browsers for a name and a password. Never on a device route.' }),
  headers: changes('to-client', 'Changes to the headers of answers.'),
  upstreamHeaders: changes('to-upstream', 'Changes to the headers of requests on their way to the upstream.'),
  bodyMax: leaf(between(readSize, 0, 1024 ** 4, writeSize), {
    description: 'The largest body of a request. Left out: no bound, since bodies are streamed.',
    ...NUMBER_OR_TEXT,
  }).optional(),
  timeouts: z
    .strictObject({
      connect: duration(10, 60_000, 'As limits.connect.'),
      reply: duration(10, 30 * 60_000, 'As limits.reply.'),
      idle: duration(10, DAY, 'As limits.idle.'),
    })
    .optional()
    .meta({ description: 'Other times than those of limits.' }),
  compress: leaf(readSwitch, {
    description: 'Send texts by brotli or gzip to browsers that take it. Never on a device route.',
    type: ['boolean', 'string'],
  }).optional(),
  hsts: duration(0, 730 * DAY, 'Browsers that came by https never ask this name by plain HTTP again, for that long.'),
  errorPage: file('An HTML page for browsers where the gate itself has to say that something failed.').optional(),
};

type Keys = z.output<z.ZodObject<typeof routeKeys>>;

/** What a route says, under its names inside. The files have been read once, when the configuration was checked. */
export function routeKeysFrom(keys: Keys, paths: NamedPaths): Partial<RouteConfig> {
  const { upstreamPath, allow, deny, bodyMax, timeouts, compress, hsts } = keys;
  return defined({
    upstreamPath,
    allow,
    deny,
    basicAuth: keys.basicAuth && loginsFrom(keys.basicAuth, paths),
    headers: keys.headers,
    upstreamHeaders: keys.upstreamHeaders,
    bodyMaxBytes: bodyMax,
    timeouts: timeouts && defined({ connectMs: timeouts.connect, replyMs: timeouts.reply, idleMs: timeouts.idle }),
    compress: compress === true ? true : undefined,
    hstsMs: hsts,
    errorPage: keys.errorPage === undefined ? undefined : pageFrom(paths.needs(keys.errorPage)),
  });
}

function loginsFrom({ file, realm }: { file: string; realm: string }, paths: NamedPaths): RouteConfig['basicAuth'] {
  const path = paths.needs(file);
  const logins = readPasswordFile(path);
  // Gone since it was checked a moment ago: then nobody is let in.
  return { file: path, realm, logins: logins.ok ? logins.value : [] };
}

function pageFrom(path: string): RouteConfig['errorPage'] {
  const page = readPageFile(path);
  return page.ok ? { file: path, html: page.value } : undefined;
}

/** The keys as the file writes them. */
export function writeRouteKeys(route: RouteConfig): Record<string, unknown> {
  const { timeouts, basicAuth, headers, upstreamHeaders } = route;
  return defined({
    upstreamPath: route.upstreamPath,
    allow: route.allow,
    deny: route.deny,
    basicAuth: basicAuth && { file: basicAuth.file, realm: basicAuth.realm },
    headers: headers && writeChanges(headers),
    upstreamHeaders: upstreamHeaders && writeChanges(upstreamHeaders),
    bodyMax: route.bodyMaxBytes === undefined ? undefined : writeSize(route.bodyMaxBytes),
    timeouts:
      timeouts &&
      defined({
        connect: timeouts.connectMs === undefined ? undefined : writeDuration(timeouts.connectMs),
        reply: timeouts.replyMs === undefined ? undefined : writeDuration(timeouts.replyMs),
        idle: timeouts.idleMs === undefined ? undefined : writeDuration(timeouts.idleMs),
      }),
    compress: route.compress,
    hsts: route.hstsMs === undefined ? undefined : writeDuration(route.hstsMs),
    errorPage: route.errorPage?.file,
  });
}

function writeChanges({ set, remove }: HeaderChanges): HeaderChanges {
  return { set: { ...set }, remove };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that say nothing. */
function defined<T extends Record<string, unknown>>(from: T): Defined<T> {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as Defined<T>;
}
