// Owns printing: a Config as the YAML of its long form, which loads again to the same.
import { stringify } from 'yaml';
import { writeAcme } from './acme.ts';
import { writeAlerts } from './alerts.ts';
import { writeBackupKeys } from './backup.ts';
import { writeCertificate } from './certificate-files.ts';
import type { CloseAfter, Config, RouteConfig } from './config.ts';
import { writeEndpoint } from './endpoints.ts';
import { writeFirmware } from './firmware.ts';
import { writeLimits } from './limits.ts';
import { writeLog } from './log.ts';
import { entriesOf } from './loose.ts';
import { writeRollout } from './rollouts.ts';
import { writeRouteKeys } from './route-keys.ts';
import { isSecret } from './secret-keys.ts';
import { AsWritten } from './secrets.ts';
import { writeStore } from './store.ts';
import { writeStream } from './streams.ts';
import { writeDuration } from './units.ts';
import { writeUpstreams } from './upstreams.ts';

/**
 * The long form, without presets, with every default written out and every path absolute. A secret is printed as the
 * file gives it: by the path of its own file, or with its `${NAME}`; only one that stands in the file is there again.
 */
export function printLongForm(config: Config): string {
  const { acme, certificates, ...tls } = config.tls;
  const { secretSources } = config;
  const long = {
    domains: config.domains,
    listen: {
      http: config.listen.http.map(writeEndpoint),
      https: config.listen.https.map(writeEndpoint),
      admin: config.listen.admin.map(writeEndpoint),
    },
    public: writePublic(config.public),
    defaultSite: config.defaultSite,
    workers: config.workers,
    stateDir: config.stateDir,
    store: writeStore(config.store, secretSources),
    tls: {
      ...(acme === null ? {} : { acme: writeAcme(acme, secretSources) }),
      certificates: certificates.map((each, index) => writeCertificate(each, index, secretSources)),
      ...tls,
    },
    networks: config.networks,
    trustedProxies: config.trustedProxies,
    upstreams: writeUpstreams(config),
    routes: config.routes.map(writeRoute),
    openings: config.openings.map(({ route, from, startMs, untilMs, reason, closeAfter }) => ({
      route,
      from,
      ...(startMs === null ? {} : { start: new Date(startMs).toISOString() }),
      until: new Date(untilMs).toISOString(),
      ...(reason === '' ? {} : { reason }),
      ...writeCloseAfter(closeAfter),
    })),
    streams: config.streams.map(writeStream),
    firmware: writeFirmware(config.firmware),
    alerts: writeAlerts(config.alerts, secretSources),
    offers: config.offers,
    ...(config.backup === null ? {} : { backup: writeBackupKeys(config.backup) }),
    rollouts: config.rollouts.map(writeRollout),
    limits: writeLimits(config.limits),
    log: writeLog(config.log),
  };
  const text = stringify(long, escapeReferences, { lineWidth: 0, aliasDuplicateObjects: false });
  return holdsSecret(long) ? `# Holds a secret: show it to nobody.\n${text}` : text;
}

function writePublic({ mqtts, ...web }: Config['public']): Record<string, number> {
  return { ...web, ...(mqtts === null ? {} : { mqtts }) };
}

function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret);
  return entriesOf(value).some(([key, each]) => (isSecret([key]) && typeof each === 'string') || holdsSecret(each));
}

function writeCloseAfter({ devices, idleMs }: CloseAfter): Record<string, unknown> {
  if (devices === null && idleMs === null) return {};
  return {
    closeAfter: {
      ...(devices === null ? {} : { devices }),
      ...(idleMs === null ? {} : { idle: writeDuration(idleMs) }),
    },
  };
}

/** What a route that refuses, or leads to the admin interface, has besides would have no effect, and be warned about. */
function writeRoute(route: RouteConfig): Record<string, unknown> {
  const { name, host, path, target, role, plainHttp } = route;
  const place = { name, ...(host === undefined ? {} : { host }), path, ...writeRouteKeys(route) };
  switch (target.kind) {
    case 'refuse':
      return { ...place, refuse: true };
    case 'admin':
      return { ...place, role };
    case 'redirect':
      return { ...place, redirect: { to: target.to, status: target.status }, plainHttp };
    case 'files':
      return { ...place, files: target.folder, plainHttp };
    case 'upstream':
      return { ...place, upstream: target.upstream, role, plainHttp };
  }
}

/** A `${` that is in a value by now was meant as it stands. */
function escapeReferences(_key: unknown, value: unknown): unknown {
  if (value instanceof AsWritten) return value.text;
  return typeof value === 'string' ? value.replaceAll('${', () => '$${') : value;
}
