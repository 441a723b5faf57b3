// Owns the schema of the configuration file as operators write it: keys, defaults, and what an editor says of each.
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { acmeSchema, email } from './acme.ts';
import { alertsSchema } from './alerts.ts';
import { backupSchema } from './backup.ts';
import { certificateSchema } from './certificate-files.ts';
import type { Role } from './config.ts';
import { readAdminEndpoints, readEndpoints, STANDARD_LISTEN } from './endpoints.ts';
import { firmwareSchema } from './firmware.ts';
import { readDomain, readRouteHost, readUpstreamHost } from './host-names.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { limitsSchema } from './limits.ts';
import { logSchema } from './log.ts';
import { readMoment } from './moment.ts';
import { readLan, readNetworks } from './networks.ts';
import { offersSchema } from './offers.ts';
import { readFilePath, readRoutePath } from './paths.ts';
import { PRESET_NAMES } from './presets.ts';
import { good, type Reading, readInteger, readSwitch, readText, wrong } from './reading.ts';
import { rolloutsSchema } from './rollouts.ts';
import { routeKeys } from './route-keys.ts';
import { storeSchema } from './store.ts';
import { streamSchema } from './streams.ts';
import { between, readDuration, readSize, writeDuration, writeSize } from './units.ts';
import { upstreamSchema } from './upstreams.ts';

/** Names of routes and upstreams: they go on command lines and into logs. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const NAME_EXPECTED = 'letters, digits, - and _, 64 at most, beginning with a letter or a digit';

const TEXT_OR_LIST = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
const ENDPOINTS = {
  anyOf: [{ type: ['integer', 'string'] }, { type: 'array', items: { type: ['integer', 'string'] } }],
  examples: [443, '[::]:443', '127.0.0.1:8443', 'none'],
};
/** What a route may be. */
export const ROLES = ['web', 'device', 'ota-check', 'firmware', 'admin'] as const satisfies readonly Role[];
const plainHttpWords = ['always', 'lan', 'never'] as const;

function readName(value: unknown): Reading<string> {
  const text = readText(NAME_EXPECTED)(value);
  if (!text.ok || NAME.test(text.value)) return text;
  return wrong('is not a name', NAME_EXPECTED);
}

function readWorkers(value: unknown): Reading<number> {
  if (value === 'auto') return good(Math.min(4, availableParallelism()));
  return readInteger('auto, or a number', 1, 64)(value);
}

const name = (description: string) => leaf(readName, { description, type: 'string' });
const path = (description: string) => leaf(readFilePath, { description, type: 'string' });
const port = (description: string, min = 1) =>
  leaf(readInteger('a port', min, 65_535), { description, ...NUMBER_OR_TEXT });

const route = z
  .strictObject({
    name: name('What commands and logs call it. A route with the name of a preset’s route replaces that one.'),
    host: leaf(readRouteHost, {
      description: 'Only for this one of the domains. Left out: for all.',
      type: 'string',
    }).optional(),
    path: leaf(readRoutePath, {
      description: 'The longest path wins. A prefix where it ends in /, else exact.',
      type: 'string',
      examples: ['/xiaozhi/ota/'],
    }),
    upstream: name(
      'The upstream that answers, by its name. One of this, files, redirect, refuse: true, or role: admin.',
    ).optional(),
    ...routeKeys,
    refuse: leaf(readSwitch, { description: 'Answer 403 to everyone.', type: ['boolean', 'string'] }).optional(),
    role: z.enum(ROLES).prefault('web').meta({
      description:
        'web: pages and APIs for people. device: WebSocket and the like. ota-check: its reply is rewritten. firmware: images are served from here. Only these two can be opened for plain HTTP for a time. admin: otagate’s own dashboard and API, by https only, at path / of a host of its own.',
    }),
    plainHttp: z
      .enum(plainHttpWords)
      .prefault('lan')
      .meta({ description: 'Who may come without TLS: everyone, the addresses of networks.lan, or nobody.' }),
  })
  .meta({ description: 'One path and where it leads.' });

const opening = z
  .strictObject({
    route: name('A route whose role is ota-check or firmware.'),
    from: leaf(readNetworks, {
      description: 'Addresses and networks that it is for. Left out: for everyone.',
      ...TEXT_OR_LIST,
    }).prefault([]),
    start: leaf(readMoment, {
      description: 'When it begins, with the time zone. Left out: at once.',
      type: 'string',
      examples: ['2026-11-30T22:00:00+08:00'],
    }).optional(),
    until: leaf(readMoment, {
      description: 'When it ends, with the time zone.',
      type: 'string',
      examples: ['2026-12-01T00:00:00+08:00'],
    }),
    reason: leaf(readText('why it is open'), { description: 'Shown in lists and logs.', type: 'string' }).optional(),
    closeAfter: z
      .strictObject({
        devices: leaf(readInteger('a number of devices', 1, 100_000), {
          description: 'That many devices upgraded by links that this opening handed out.',
          ...NUMBER_OR_TEXT,
        }).optional(),
        idle: leaf(between(readDuration, 1000, 30 * 86_400_000, writeDuration), {
          description: 'No device came for that long. From 1s to 30d.',
          type: 'string',
        }).optional(),
      })
      .prefault({})
      .meta({ description: 'Closes it before its end, when one of these holds.' }),
  })
  .meta({ description: 'Plain HTTP let in on one route until a moment.' });

const presetPort = (what: string, standard: number) => port(`${what} (${standard} unless changed).`).optional();

export const inputSchema = z
  .strictObject({
    domain: leaf(readDomain, {
      description: 'The name (or the address) by which devices and browsers reach the gate.',
      type: 'string',
      examples: ['ota.example.com'],
    }).optional(),
    domains: z
      .array(
        leaf(readDomain, {
          description: 'A host name, an address, or a wildcard such as *.example.com.',
          type: 'string',
        }),
      )
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'In place of domain, where there are several. The first one is the main one.' }),
    email,
    upstream: z
      .strictObject({
        preset: z.enum(PRESET_NAMES).meta({
          description: 'xiaozhi-full: server with the console (Java). xiaozhi-server: the Python server alone.',
        }),
        host: leaf(readUpstreamHost, { description: 'The name or address of the server.', type: 'string' }),
        ports: z
          .strictObject({
            console: presetPort('The console and its API, with xiaozhi-full', 8002),
            voice: presetPort('The WebSocket', 8000),
            vision: presetPort('Vision, with xiaozhi-full', 8003),
            api: presetPort('The OTA check and vision, with xiaozhi-server', 8003),
          })
          .prefault({})
          .meta({ description: 'Where the server listens elsewhere than usual.' }),
      })
      .optional()
      .meta({ description: 'A xiaozhi-esp32-server as it usually is: gives the upstreams and the routes.' }),
    otaOverHttp: z.enum(plainHttpWords).optional().meta({
      description:
        'Who may use the preset’s device routes without TLS. lan (the default): the local network, others only while an opening lasts. always: everyone, so whoever sits on the line can hand out firmware. never: nobody.',
    }),
    listen: z
      .strictObject({
        http: leaf(readEndpoints, { description: 'Where plain HTTP is accepted, or none.', ...ENDPOINTS }).prefault(
          STANDARD_LISTEN.http,
        ),
        https: leaf(readEndpoints, { description: 'Where TLS is accepted, or none.', ...ENDPOINTS }).prefault(
          STANDARD_LISTEN.https,
        ),
        admin: leaf(readAdminEndpoints, {
          description:
            'Where the dashboard and the admin API are listened on, by plain HTTP with a token, or none (the default). Unlike above, a port alone is one of 127.0.0.1 only. From outside, take a route with role: admin.',
          ...ENDPOINTS,
          examples: [9180, '127.0.0.1:9180', 'none'],
        }).prefault(STANDARD_LISTEN.admin),
      })
      .prefault({})
      .meta({ description: 'A port, "address:port", or a list. [::] takes IPv4 as well.' }),
    public: z
      .strictObject({
        http: port('Plain HTTP. Left out: the first port listened on.', 0).optional(),
        https: port('TLS. Left out: the first port listened on.', 0).optional(),
        mqtts: port(
          'MQTT by TLS: goes into the replies to devices, which speak TLS there only on 8883. Left out: 8883 where a stream listens there.',
        ).optional(),
      })
      .prefault({})
      .meta({ description: 'The ports as the world sees them, where a router or Docker changes them.' }),
    defaultSite: z
      .enum(['refuse', 'main'])
      .prefault('refuse')
      .meta({ description: 'A request for a name that is not ours: refuse it, or treat it as the main domain.' }),
    workers: leaf(readWorkers, {
      description: 'Processes that carry the traffic. auto: one for each core, four at most.',
      ...NUMBER_OR_TEXT,
    }).prefault('auto'),
    stateDir: path('Where the gate keeps what it must not lose. Relative to the folder of this file.').prefault(
      '../data',
    ),
    store: storeSchema,
    tls: z
      .strictObject({
        acme: acmeSchema.optional(),
        certificates: z
          .array(certificateSchema)
          .max(100)
          .prefault([])
          .meta({ description: 'Certificates that you already have.' }),
        localCa: leaf(readSwitch, {
          description: 'Sign with a local CA for every name without another certificate.',
          type: ['boolean', 'string'],
        }).prefault(true),
        deviceRecordBytes: leaf(between(readSize, 512, 16_384, writeSize), {
          description: 'The largest TLS record sent to a device: large ones need memory that small boards do not have.',
          ...NUMBER_OR_TEXT,
        }).prefault(4096),
      })
      .prefault({})
      .meta({ description: 'Certificates and TLS.' }),
    networks: z
      .strictObject({
        lan: leaf(readLan, {
          description:
            'Who counts as the local network. private: 10/8, 172.16/12, 192.168/16, 169.254/16, fc00::/7, fe80::/10. This machine and its default gateway count only where listed by address.',
          ...TEXT_OR_LIST,
        }).prefault('private'),
      })
      .prefault({})
      .meta({ description: 'Networks with a name.' }),
    trustedProxies: z
      .strictObject({
        from: leaf(readNetworks, {
          description: 'Proxies in front of the gate whose word about the client counts.',
          ...TEXT_OR_LIST,
        }).prefault([]),
        header: z
          .enum(['x-forwarded-for', 'forwarded', 'x-real-ip'])
          .prefault('x-forwarded-for')
          .meta({ description: 'The header in which they say it.' }),
        proxyProtocol: leaf(readSwitch, {
          description:
            'Whether each of their connections begins with a header of the PROXY protocol, v1 or v2. One without is refused, and nobody else may send one.',
          type: ['boolean', 'string'],
        }).prefault(false),
      })
      .prefault({})
      .meta({ description: 'Another proxy or a tunnel in front of the gate.' }),
    upstreams: z
      .record(z.string().regex(NAME), upstreamSchema)
      .prefault({})
      .meta({ description: 'Servers behind the gate, by a name that routes use. Beside a preset they are added.' }),
    routes: z
      .array(route)
      .max(500)
      .prefault([])
      .meta({ description: 'Beside a preset they are added; the same name, or the same path, replaces.' }),
    openings: z
      .array(opening)
      .max(100)
      .prefault([])
      .meta({ description: 'Plain HTTP for a time, for outside devices.' }),
    streams: z
      .array(streamSchema)
      .max(32)
      .prefault([])
      .meta({ description: 'TLS in front of plain TCP servers, such as an MQTT broker.' }),
    firmware: firmwareSchema,
    alerts: alertsSchema,
    offers: offersSchema,
    backup: backupSchema.optional(),
    rollouts: rolloutsSchema,
    limits: limitsSchema,
    log: logSchema,
  })
  .meta({ title: 'otagate', description: 'The configuration of otagate.' });

/** What a file without faults says, with its defaults. */
export type Input = z.output<typeof inputSchema>;

/** The JSON Schema of the file, for editors. */
export function jsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(inputSchema, { io: 'input', target: 'draft-7' }) };
}
