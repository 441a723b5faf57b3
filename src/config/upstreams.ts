// Owns upstreams in the file: origins alone, or a map with settings beside them; and the way to Config and back.
import { isAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Config } from './config.ts';
import { fileProblem } from './file-problem.ts';
import type { Report } from './finding.ts';
import { readUpstreamHost } from './host-names.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { entriesOf, memberOf, textOf, valueAt } from './loose.ts';
import { readOrigins } from './origins.ts';
import { fromFolder, type NamedPaths, readFilePath, readRoutePath } from './paths.ts';
import { readInteger } from './reading.ts';
import { PROXY_VERSIONS } from './streams.ts';
import { between, readDuration, writeDuration } from './units.ts';
import { showOrigin } from './unix-origin.ts';
import { PLAIN_UPSTREAM, type UpstreamConfig } from './upstream-config.ts';

const SECOND = 1000;
const HOUR = 3_600 * SECOND;
const TEXT_OR_LIST = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };

const file = (description: string) => leaf(readFilePath, { description, type: 'string' }).optional();
const duration = (description: string, max: number) =>
  leaf(between(readDuration, 10, max, writeDuration), { description, type: 'string' });
const number = (description: string) => leaf(readInteger('a number', 1, 100), { description, ...NUMBER_OR_TEXT });

const origins = leaf(readOrigins, {
  description: 'One origin, or a list: http://host:port, https://host, or unix:/path of a socket.',
  ...TEXT_OR_LIST,
});

const settingsSchema = z.strictObject({
  origins,
  balance: z
    .enum(['least-connections', 'first'])
    .prefault('least-connections')
    .meta({ description: 'Who is asked: whoever has the fewest requests, or the first one that is well.' }),
  sticky: z
    .enum(['none', 'device'])
    .prefault('none')
    .meta({ description: 'device: the WebSockets of a device go to one server as long as that is well.' }),
  health: z
    .strictObject({
      path: leaf(readRoutePath, { description: 'Asked by GET; an answer below 400 is well.', type: 'string' }),
      interval: duration('Between two looks. From 10ms to 1h.', HOUR).prefault('10s'),
      timeout: duration('For the answer. From 10ms to 1m.', 60 * SECOND).prefault('2s'),
      fails: number('Bad looks in a row until a server is left out.').prefault(2),
      passes: number('Good looks in a row until it is asked again.').prefault(1),
    })
    .optional()
    .meta({ description: 'Looks at each server. Left out: only what requests show counts.' }),
  tls: z
    .strictObject({
      caFile: file('PEM with the roots to trust for https origins, in place of the system’s.'),
      serverName: leaf(readUpstreamHost, {
        description: 'The name that the certificate must be for, where it is another than the origin’s.',
        type: 'string',
      }).optional(),
      certFile: file('A certificate to show to the server, in PEM.'),
      keyFile: file('Its key, in PEM.'),
    })
    .prefault({})
    .meta({ description: 'How https origins are spoken to.' }),
  proxyProtocol: z
    .enum(PROXY_VERSIONS)
    .prefault('none')
    .meta({ description: 'The version of the PROXY protocol by which the server hears who the client is.' }),
});

/** A map has settings; everything else is origins, and is told of as such. */
const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const LIST = origins.transform((list) => settingsSchema.parse({ origins: list }));
const ONE_UPSTREAM = z.unknown().transform((value, context) => {
  const parsed = isMap(value) ? settingsSchema.safeParse(value) : LIST.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ ...issue, input: undefined } as never);
  return z.NEVER;
});

export const upstreamSchema = ONE_UPSTREAM.meta({
  description: 'Origins, or a map with them and with settings.',
  anyOf: [...TEXT_OR_LIST.anyOf, z.toJSONSchema(settingsSchema, { io: 'input', target: 'draft-7' })],
});

type Input = Record<string, z.output<typeof upstreamSchema>>;

/** The upstreams of the file without faults: origins by name, and the settings of those that have some. */
export function upstreamsFrom(input: Input, paths: NamedPaths): Pick<Config, 'upstreams' | 'upstreamSettings'> {
  const path = (text: string | undefined): string | null => (text === undefined ? null : paths.needs(text));
  const upstreams: Config['upstreams'] = {};
  const upstreamSettings: Config['upstreamSettings'] = {};
  for (const [name, { origins: list, health, tls, ...rest }] of Object.entries(input)) {
    upstreams[name] = list;
    const settings: UpstreamConfig = {
      ...rest,
      health:
        health === undefined
          ? null
          : {
              path: health.path,
              intervalMs: health.interval,
              timeoutMs: health.timeout,
              fails: health.fails,
              passes: health.passes,
            },
      tls: {
        caFile: path(tls.caFile),
        serverName: tls.serverName ?? null,
        certFile: path(tls.certFile),
        keyFile: path(tls.keyFile),
      },
    };
    if (!isDeepStrictEqual(settings, PLAIN_UPSTREAM)) upstreamSettings[name] = settings;
  }
  return { upstreams, upstreamSettings };
}

/** The upstreams as the file writes them. */
export function writeUpstreams({ upstreams, upstreamSettings }: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(upstreams).map(([name, list]) => {
      const shown = list.map(showOrigin);
      const own = upstreamSettings[name];
      return [name, own === undefined ? shown : { origins: shown, ...writeSettings(own) }];
    }),
  );
}

function writeSettings({ health, tls, ...rest }: UpstreamConfig): Record<string, unknown> {
  const files = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== null));
  return {
    ...rest,
    ...(health === null
      ? {}
      : {
          health: {
            path: health.path,
            interval: writeDuration(health.intervalMs),
            timeout: writeDuration(health.timeoutMs),
            fails: health.fails,
            passes: health.passes,
          },
        }),
    ...(Object.keys(files).length === 0 ? {} : { tls: files }),
  };
}

/** Reports files that cannot be used, and a certificate without its key. `folder` is that of the configuration. */
export function upstreamFileFaults(raw: unknown, folder: string, report: Report): void {
  for (const [name, upstream] of entriesOf(memberOf(raw, 'upstreams'))) {
    const place = ['upstreams', name, 'tls'];
    const tls = valueAt(upstream, ['tls']);
    for (const key of ['caFile', 'certFile', 'keyFile']) {
      const path = textOf(memberOf(tls, key));
      const problem = path === undefined || path === '' ? undefined : fileProblem(absolute(folder, path), 'readable');
      if (problem === undefined) continue;
      report([...place, key], {
        problem,
        expected: `a PEM file that this user may read; relative paths start at ${folder}`,
      });
    }
    const [cert, key] = [memberOf(tls, 'certFile'), memberOf(tls, 'keyFile')];
    if ((cert === undefined) === (key === undefined)) continue;
    const missing = cert === undefined ? 'certFile' : 'keyFile';
    report([...place, missing], { problem: 'is missing', expected: 'certFile and keyFile, or neither' });
  }
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : fromFolder(folder, path);
}
