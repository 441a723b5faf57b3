// Owns Status: what `otagate status` tells, as one plain document.
import { X509Certificate } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { describe } from './ports.ts';
import type { GateStatus } from './supervisor.ts';
import type { Totals } from './tally.ts';

const DAY_MS = 86_400_000;

export type Status = {
  pid: number;
  startedAt: string;
  config: string;
  snapshot: number;
  domains: string[];
  listeners: { scheme: string; address: string; publicPort: number }[];
  lan: { networks: string[]; ownGateways: string[]; gatewaysKnown: boolean };
  certificates: { names: string[]; issuer: string; daysLeft: number; chainBytes: number; devicesTrust: string }[];
  upstreams: Record<string, string[]>;
  openings: { id: string; route: string; from: string[]; until: string; secondsLeft: number; reason: string }[];
  workers: GateStatus[];
  totals: Totals;
};

export type StatusInput = {
  config: Config;
  snapshot: Snapshot;
  gatewaysKnown: boolean;
  startedMs: number;
  workers: GateStatus[];
  totals: Totals;
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
    lan: { networks: policy.lan, ownGateways: policy.ownGateways, gatewaysKnown: input.gatewaysKnown },
    certificates: snapshot.tls.certificates.map(({ names, certPem, publicChain }) => {
      const leaf = new X509Certificate(certPem);
      return {
        names,
        issuer: leaf.issuer.replaceAll('\n', ', '),
        daysLeft: Math.floor((leaf.validToDate.getTime() - nowMs) / DAY_MS),
        chainBytes: chainBytes(certPem),
        devicesTrust: publicChain ? 'yes' : 'only those that carry its root, and 4G modems, which check nothing',
      };
    }),
    upstreams: snapshot.upstreams,
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
    workers: input.workers,
    totals: input.totals,
  };
}

/** What a handshake carries: the certificates' DER, three quarters of their base64. */
function chainBytes(pem: string): number {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----([^-]*)-----END/g) ?? [];
  return blocks.reduce(
    (sum, block) => sum + Buffer.from(block.replace(/-----[^-]*-----?|-----END/g, ''), 'base64').length,
    0,
  );
}
