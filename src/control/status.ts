// Owns Status: what `otagate status` tells, as one plain document.
import type { Config } from '../config/config.ts';
import { showOrigin } from '../config/unix-origin.ts';
import type { CacheTotals } from '../firmware/fills.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { type CertificateStatus, certificateStatus, uncoveredDomains } from './certificate-status.ts';
import type { ServerHealth } from './health-checks.ts';
import type { KeepingStatus } from './keeping.ts';
import type { KeptCertificate } from './kept-item.ts';
import type { Notice } from './notices.ts';
import { type OpenableRoute, openableRoutes } from './openings.ts';
import { describe } from './ports.ts';
import type { GateStatus } from './supervisor.ts';
import type { Totals } from './tally.ts';

export type Status = {
  pid: number;
  startedAt: string;
  config: string;
  snapshot: number;
  domains: string[];
  listeners: { scheme: string; address: string; publicPort: number }[];
  /** TLS in front of plain TCP, with the connections that are open now. */
  streams: { address: string; upstream: string[]; open: number }[];
  lan: { networks: string[]; ownGateways: string[]; gatewaysKnown: boolean };
  certificates: CertificateStatus[];
  /** Names that are ordered, and how that goes; also those that have no certificate yet. */
  acme: KeptCertificate[];
  /** Domains that no certificate is for. */
  uncovered: string[];
  upstreams: Record<string, string[]>;
  /** Each server of each upstream: what our looks say of it, and how often it could not be reached or did not answer. */
  servers: { upstream: string; origin: string; health: ServerHealth; failures: number }[];
  openings: { id: string; route: string; from: string[]; until: string; secondsLeft: number; reason: string }[];
  openable: OpenableRoute[];
  workers: GateStatus[];
  firmware: FirmwareStatus;
  totals: Totals;
  keeping: KeepingStatus;
  /** The troubles that last, the newest first, so many at the most; `otagate alerts list` has them all. */
  troubles: Pick<Notice, 'kind' | 'subject' | 'detail' | 'atMs'>[];
};

const MAX_TROUBLES = 20;

export type FirmwareStatus = {
  images: number;
  bytes: number;
  maxBytes: number;
  /** Merged images: no device gets them. */
  merged: number;
  /** Images that are being fetched. */
  filling: number;
  activeDownloads: number;
  totals: CacheTotals;
};

export type StatusInput = {
  config: Config;
  snapshot: Snapshot;
  gatewaysKnown: boolean;
  startedMs: number;
  workers: GateStatus[];
  firmware: FirmwareStatus;
  totals: Totals;
  openStreams: Record<string, number>;
  keeping: KeepingStatus;
  troubles: readonly Notice[];
  health: (origin: string) => ServerHealth;
  kept: KeptCertificate[];
  nowMs: number;
};

export function makeStatus({ config, snapshot, nowMs, ...input }: StatusInput): Status {
  const { policy, listen } = snapshot;
  return {
    pid: process.pid,
    startedAt: new Date(input.startedMs).toISOString(),
    config: config.file,
    snapshot: snapshot.version,
    domains: policy.domains,
    listeners: (['http', 'https'] as const).flatMap((scheme) =>
      listen[scheme].map((endpoint) => ({
        scheme,
        address: describe(endpoint),
        publicPort: policy.publicPorts[scheme],
      })),
    ),
    streams: snapshot.streams.map(({ listen: at, upstream }) => ({
      address: describe(at),
      upstream: upstream.map(describe),
      open: input.openStreams[describe(at)] ?? 0,
    })),
    lan: { networks: policy.lan, ownGateways: policy.ownGateways, gatewaysKnown: input.gatewaysKnown },
    certificates: certificateStatus(snapshot.tls, policy.domains, input.kept, nowMs),
    acme: input.kept,
    uncovered: listen.https.length + listen.streams.length === 0 ? [] : uncoveredDomains(snapshot.tls, policy.domains),
    upstreams: Object.fromEntries(
      Object.entries(snapshot.upstreams).map(([name, origins]) => [name, origins.map(showOrigin)]),
    ),
    servers: Object.entries(snapshot.upstreams).flatMap(([upstream, origins]) =>
      origins.map((origin) => ({
        upstream,
        origin: showOrigin(origin),
        health: input.health(origin),
        failures: input.totals.upstreamFailures[origin] ?? 0,
      })),
    ),
    openings: policy.openings
      .filter((opening) => opening.untilMs > nowMs)
      .map(({ id, route, from, untilMs, reason }) => ({
        id,
        route,
        from,
        until: new Date(untilMs).toISOString(),
        secondsLeft: Math.ceil((untilMs - nowMs) / 1000),
        reason,
      })),
    openable: openableRoutes(config.routes),
    workers: input.workers,
    firmware: input.firmware,
    totals: input.totals,
    keeping: input.keeping,
    troubles: input.troubles
      .slice(0, MAX_TROUBLES)
      .map(({ kind, subject, detail, atMs }) => ({ kind, subject, detail, atMs })),
  };
}
