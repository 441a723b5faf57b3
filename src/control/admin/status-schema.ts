// Owns the schema of Status. Every key of it is described: what is not here does not compile.
import { z } from 'zod';
import { ALERT_KINDS } from '../../config/alerts.ts';
import type { Status } from '../status.ts';
import { cacheTotalsSchema } from './firmware-schemas.ts';

type Described<T> = { [Key in keyof T]: z.ZodType };

const counts = z.record(z.string(), z.int());

const kept = z.object({
  name: z.string(),
  keyType: z.enum(['ecdsa', 'rsa']),
  issuer: z.string().nullable(),
  notAfter: z.string().nullable(),
  renewalDue: z.string().nullable(),
  failures: z.int(),
  lastError: z.string().nullable(),
  nextTryInSeconds: z.int().nullable(),
} satisfies Described<Status['acme'][number]>);

const sentences = { what: z.string(), why: z.string(), remedy: z.string() };

const certificate = z.object({
  names: z.array(z.string()),
  fingerprint: z.string().describe('SHA-256 of the leaf'),
  issuer: z.string(),
  key: z.string(),
  notAfter: z.string(),
  daysLeft: z.int(),
  chainLength: z.int(),
  chainBytes: z.int(),
  devices: z
    .array(
      z.object({
        code: z.string(),
        severity: z.string(),
        ...sentences,
        zh: z.object(sentences).describe('the same in Chinese'),
      }),
    )
    .describe('what a device would say of it'),
  renewal: kept.nullable().describe('null for what is brought along or signed locally'),
} satisfies Described<Status['certificates'][number]>);

const totals = z.object({
  requests: counts.describe('by what was done with them'),
  statuses: counts.describe('by class: 2xx'),
  refusals: counts.describe('by reason'),
  checks: z.int(),
  offers: z.int(),
  withheld: counts.describe('offers that were withheld, by rule'),
  downloads: z.object({ complete: z.int(), broken: z.int(), bytes: z.int() }),
  downloadBytes: z
    .object({ memory: z.int(), disk: z.int(), fill: z.int() })
    .describe('bytes that devices got, by where they came from'),
  upstreamFailures: counts.describe('of servers that could not be reached or did not answer, by origin'),
  streams: counts.describe('connections that ended, by why'),
  streamBytes: z.object({ received: z.int(), sent: z.int() }).describe('of clients, and to them'),
  handshakes: counts.describe('failed ones, by reason'),
  turnedAway: counts.describe('connections that were closed unread, by the bound that they broke'),
  droppedEvents: z.int(),
} satisfies Described<Status['totals']>);

type RedisKeeping = Extract<Status['keeping'], { kind: 'redis' }>;

const keeping = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sqlite') }),
  z.object({
    kind: z.literal('redis'),
    server: z.string(),
    machine: z.string().describe('what the others call this one'),
    connected: z.boolean(),
    sinceMs: z.number().describe('since when it is connected, or not'),
    trouble: z.string().nullable(),
    machines: z.array(z.object({ id: z.string(), name: z.string(), agoMs: z.number() })).describe('itself among them'),
    records: z.int().describe('in the copy of this machine'),
    waiting: z.object({ records: z.int(), observations: z.int() }).describe('what Redis does not have yet'),
    dropped: z.int().describe('observations that found no place in the queue'),
    lost: z.int().describe('batches of observations that this machine never read'),
    rebuilt: z.int().describe('how often what Redis had lost was put back'),
    commands: z.int().describe('sent to Redis since the start'),
  } satisfies Described<RedisKeeping>),
]);

export const statusSchema = z.object({
  pid: z.int(),
  startedAt: z.string(),
  config: z.string().describe('the file'),
  snapshot: z.int().describe('grows with every change that the gates are given'),
  domains: z.array(z.string()),
  listeners: z.array(z.object({ scheme: z.string(), address: z.string(), publicPort: z.int() })),
  streams: z
    .array(z.object({ address: z.string(), upstream: z.array(z.string()), open: z.int().describe('connections') }))
    .describe('TLS in front of plain TCP'),
  lan: z.object({
    networks: z.array(z.string()),
    ownGateways: z.array(z.string()).describe('not LAN: behind them, everybody has their address'),
    gatewaysKnown: z.boolean(),
  }),
  certificates: z.array(certificate),
  acme: z.array(kept).describe('names that are ordered, also those that have no certificate yet'),
  uncovered: z.array(z.string()).describe('domains that no certificate is for'),
  upstreams: z.record(z.string(), z.array(z.string())),
  servers: z
    .array(
      z.object({
        upstream: z.string(),
        origin: z.string(),
        health: z.enum(['well', 'down']).nullable().describe('what looks say; null where nobody looks'),
        failures: z.int().describe('how often it could not be reached, or did not answer'),
      }),
    )
    .describe('each server of each upstream'),
  openings: z.array(
    z.object({
      id: z.string(),
      route: z.string(),
      from: z.array(z.string()),
      until: z.string(),
      secondsLeft: z.int(),
      reason: z.string(),
    }),
  ),
  openable: z
    .array(
      z.object({
        route: z.string(),
        role: z.enum(['ota-check', 'firmware']),
        host: z.string().nullable().describe('null: under every name'),
        path: z.string(),
      } satisfies Described<Status['openable'][number]>),
    )
    .describe('routes that an opening can be for'),
  workers: z.array(
    z.object({ name: z.string(), pid: z.int(), sinceMs: z.number(), snapshot: z.int(), restarts: z.int() }),
  ),
  firmware: z.object({
    images: z.int(),
    bytes: z.int(),
    maxBytes: z.int(),
    merged: z.int().describe('merged images: no device gets them'),
    filling: z.int().describe('images that are being fetched'),
    activeDownloads: z.int(),
    totals: cacheTotalsSchema,
  } satisfies Described<Status['firmware']>),
  totals,
  keeping: keeping.describe('where the state is kept'),
  troubles: z
    .array(z.object({ kind: z.enum(ALERT_KINDS), subject: z.string(), detail: z.string(), atMs: z.number() }))
    .describe('those that last, the newest first, 20 at the most; GET /api/v1/alerts has all'),
} satisfies Described<Status>);

export const reloadOutcomeSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), changed: z.array(z.string()), warnings: z.array(z.string()) }),
  z.object({ ok: z.literal(false), faults: z.array(z.string()) }),
]);
