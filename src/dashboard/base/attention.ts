// Owns the question "what needs me?": what is wrong or will be soon, the gravest first. Pure, so that it can be tried.
import type {
  Certificate,
  CertificateFinding,
  Firmware,
  Opening,
  Renewal,
  Severity,
  Status,
  TrafficPoint,
  TroubleKind,
} from '../api.ts';
import { sumSince } from './traffic.ts';

export type Concern = { severity: Severity } & (
  | { kind: 'no-gate' }
  | { kind: 'gate-replaced'; name: string; times: number }
  | { kind: 'certificate-ended'; name: string }
  | { kind: 'certificate-ends'; name: string; daysLeft: number }
  | { kind: 'certificate-failing'; name: string; times: number; error: string | null }
  | { kind: 'certificate-finding'; name: string; finding: CertificateFinding }
  | { kind: 'uncovered'; names: string[] }
  | { kind: 'upstream-errors'; times: number }
  | { kind: 'server-down'; upstream: string; origin: string }
  | { kind: 'trouble'; about: TroubleKind; detail: string }
  | { kind: 'opening-lasts'; route: string; untilMs: number; everyone: boolean }
  | { kind: 'devices-failed'; count: number }
  | { kind: 'devices-withheld'; count: number }
  | { kind: 'image-merged'; fileName: string }
  | { kind: 'fills-failed'; times: number }
  | { kind: 'store-full'; share: number }
  | { kind: 'handshakes'; times: number; reason: string }
  | { kind: 'events-dropped'; count: number }
  | { kind: 'gateways-unknown' }
);

/** How many devices want a look. */
export type Troubled = { failed: number; withheld: number };

export type Seen = {
  status: Status;
  openings: readonly Opening[];
  firmware: Firmware | null;
  troubled: Troubled | null;
  points: readonly TrafficPoint[];
  nowMs: number;
};

const SOON_DAYS = 14;
const VERY_SOON_DAYS = 3;
const RECENT_MS = 5 * 60_000;
const LONG_OPENING_MS = 4 * 3_600_000;
const FULL = 0.9;
/** Concerns of their own tell these, with more of what can be done. */
const TOLD_OTHERWISE: readonly TroubleKind[] = ['certificate-not-renewed', 'device-failing'];
const ORDER: readonly Severity[] = ['fault', 'warning', 'note'];

/** What needs the operator, the gravest first. */
export function concerns({ status, openings, firmware, troubled, points, nowMs }: Seen): Concern[] {
  const found = [
    ...serving(status),
    ...status.certificates.flatMap(ofCertificate),
    ...status.acme.flatMap(ofRenewal),
    ...(status.uncovered.length > 0
      ? [{ kind: 'uncovered', severity: 'fault', names: status.uncovered } as const]
      : []),
    ...upstreams(points, nowMs),
    ...ofServers(status),
    ...ofTroubles(status),
    ...openings.flatMap((opening) => ofOpening(opening, nowMs)),
    ...(troubled === null ? [] : ofDevices(troubled)),
    ...(firmware === null ? [] : ofFirmware(firmware)),
    ...ofTotals(status),
  ];
  return found.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

function serving({ workers, lan }: Status): Concern[] {
  const replaced = workers.filter(({ restarts }) => restarts > 0);
  return [
    ...(workers.some(({ snapshot }) => snapshot > 0) ? [] : [{ kind: 'no-gate', severity: 'fault' } as const]),
    ...replaced.map(({ name, restarts }) => ({
      kind: 'gate-replaced' as const,
      severity: 'warning' as const,
      name,
      times: restarts,
    })),
    ...(lan.gatewaysKnown ? [] : [{ kind: 'gateways-unknown', severity: 'note' } as const]),
  ];
}

function ofCertificate({ names, daysLeft, devices, renewal }: Certificate): Concern[] {
  const name = names[0] ?? '';
  const findings = devices
    .filter(({ severity, code }) => severity !== 'note' && code !== 'expired')
    .map((finding) => ({ kind: 'certificate-finding' as const, severity: finding.severity, name, finding }));
  if (daysLeft < 0) return [{ kind: 'certificate-ended', severity: 'fault', name }, ...findings];
  // What is renewed by itself may live for days only; that it fails is told by its own concern.
  const bound = renewal === null ? SOON_DAYS : 1;
  if (daysLeft >= bound) return findings;
  return [
    { kind: 'certificate-ends', severity: daysLeft < VERY_SOON_DAYS ? 'fault' : 'warning', name, daysLeft },
    ...findings,
  ];
}

function ofRenewal({ name, failures, lastError, notAfter }: Renewal): Concern[] {
  if (failures === 0) return [];
  const severity = notAfter === null ? 'fault' : 'warning';
  return [{ kind: 'certificate-failing', severity, name, times: failures, error: lastError }];
}

function upstreams(points: readonly TrafficPoint[], nowMs: number): Concern[] {
  const times = sumSince(points, 'errors', nowMs - RECENT_MS);
  return times === 0 ? [] : [{ kind: 'upstream-errors', severity: 'warning', times }];
}

function ofServers({ servers }: Status): Concern[] {
  return servers
    .filter(({ health }) => health === 'down')
    .map(({ upstream, origin }) => ({ kind: 'server-down', severity: 'warning', upstream, origin }));
}

function ofTroubles({ troubles }: Status): Concern[] {
  return troubles
    .filter(({ kind }) => !TOLD_OTHERWISE.includes(kind))
    .map(({ kind: about, detail }) => ({ kind: 'trouble', severity: 'fault', about, detail }));
}

function ofOpening({ route, from, openedMs, untilMs }: Opening, nowMs: number): Concern[] {
  const everyone = from.length === 0;
  const long = untilMs - (openedMs ?? nowMs) > LONG_OPENING_MS;
  if (!everyone && !long) return [];
  return [{ kind: 'opening-lasts', severity: everyone && long ? 'warning' : 'note', route, untilMs, everyone }];
}

function ofDevices({ failed, withheld }: Troubled): Concern[] {
  return [
    ...(failed > 0 ? [{ kind: 'devices-failed', severity: 'warning', count: failed } as const] : []),
    ...(withheld > 0 ? [{ kind: 'devices-withheld', severity: 'warning', count: withheld } as const] : []),
  ];
}

function ofFirmware({ images, bytes, maxBytes, totals }: Firmware): Concern[] {
  const share = bytes / maxBytes;
  return [
    ...images
      .filter(({ kind }) => kind === 'merged')
      .map(({ fileName }) => ({ kind: 'image-merged' as const, severity: 'warning' as const, fileName })),
    ...(totals.failedFills > 0
      ? [{ kind: 'fills-failed', severity: 'warning', times: totals.failedFills } as const]
      : []),
    ...(share > FULL ? [{ kind: 'store-full', severity: 'note', share } as const] : []),
  ];
}

function ofTotals({ totals }: Status): Concern[] {
  const reasons = Object.entries(totals.handshakes).sort(([, a], [, b]) => b - a);
  const times = reasons.reduce((sum, [, count]) => sum + count, 0);
  return [
    ...(times > 0 ? [{ kind: 'handshakes', severity: 'note', times, reason: reasons[0]?.[0] ?? '' } as const] : []),
    ...(totals.droppedEvents > 0
      ? [{ kind: 'events-dropped', severity: 'note', count: totals.droppedEvents } as const]
      : []),
  ];
}
