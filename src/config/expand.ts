// Owns the step from what the file says to the long form: presets laid out, defaults filled in, paths made absolute.
import { dirname } from 'node:path';
import { acmeFrom } from './acme.ts';
import { alertsFrom } from './alerts.ts';
import { backupFrom } from './backup.ts';
import { certificateFrom } from './certificate-files.ts';
import type { Config, OpeningConfig, RouteConfig } from './config.ts';
import { firmwareFrom } from './firmware.ts';
import { limitsFrom } from './limits.ts';
import { logFrom } from './log.ts';
import { asCidr } from './networks.ts';
import { offersFrom } from './offers.ts';
import { openingId } from './opening-id.ts';
import { NamedPaths } from './paths.ts';
import { expandPreset, replaces } from './presets.ts';
import { rolloutFrom } from './rollouts.ts';
import { routeKeysFrom } from './route-keys.ts';
import type { Input } from './schema.ts';
import type { Secrets } from './secrets.ts';
import { storeFrom } from './store.ts';
import { streamFrom } from './streams.ts';
import { upstreamsFrom } from './upstreams.ts';

/** The long form of a file without faults. `file` is its absolute path; `secrets` are those that stand elsewhere. */
export function expand(input: Input, file: string, secrets: Secrets): Config {
  const paths = new NamedPaths(dirname(file));
  const preset =
    input.upstream === undefined
      ? { upstreams: {}, routes: [] }
      : expandPreset(input.upstream.preset, input.upstream.host, input.upstream.ports, input.otaOverHttp ?? 'lan');
  const own = input.routes.map((route) => routeFrom(route, paths));
  const named = upstreamsFrom(input.upstreams, paths);
  const { http, https, admin } = input.listen;
  const long = {
    file,
    domains: input.domains ?? (input.domain === undefined ? [] : [input.domain]),
    listen: { http, https, admin },
    // A gate that ends no TLS itself still has to know where https is, for its redirects.
    public: {
      http: input.public.http ?? http[0]?.port ?? 80,
      https: input.public.https ?? https[0]?.port ?? 443,
      mqtts: input.public.mqtts ?? mqttsPort(input.streams),
    },
    defaultSite: input.defaultSite,
    workers: input.workers,
    stateDir: paths.makes(input.stateDir),
    store: storeFrom(input.store, paths, secrets),
    tls: {
      acme: acmeFrom(input.tls.acme, input.email, paths, secrets),
      certificates: input.tls.certificates.map((each, index) => certificateFrom(each, index, paths, secrets)),
      localCa: input.tls.localCa,
      deviceRecordBytes: input.tls.deviceRecordBytes,
    },
    networks: { lan: input.networks.lan },
    trustedProxies: input.trustedProxies,
    upstreams: { ...preset.upstreams, ...named.upstreams },
    upstreamSettings: named.upstreamSettings,
    routes: [...preset.routes.filter((route) => !own.some((each) => replaces(each, route))), ...own],
    openings: input.openings.map(openingFrom),
    streams: input.streams.map(streamFrom),
    firmware: firmwareFrom(input.firmware),
    alerts: alertsFrom(input.alerts, secrets),
    offers: offersFrom(input.offers),
    backup: backupFrom(input.backup, paths),
    rollouts: input.rollouts.map(rolloutFrom),
    limits: limitsFrom(input.limits),
    secretSources: secrets.sources,
    log: logFrom(input.log, paths),
  };
  for (const source of Object.values(secrets.sources)) if ('file' in source) paths.needs(source.file);
  return { ...long, namedPaths: paths.needed };
}

/** Where devices speak MQTT by TLS, if a stream is there. */
function mqttsPort(streams: Input['streams']): number | null {
  return streams.some(({ listen }) => listen.port === 8883) ? 8883 : null;
}

function routeFrom(route: Input['routes'][number], paths: NamedPaths): RouteConfig {
  const { name, host, path, upstream, role, plainHttp, redirect, files } = route;
  const place = { name, ...(host === undefined ? {} : { host }), path, ...routeKeysFrom(route, paths) };
  // From outside, the admin interface is never given by plain HTTP.
  if (role === 'admin') return { ...place, target: { kind: 'admin' }, role, plainHttp: 'never' };
  if (redirect !== undefined) return { ...place, target: { kind: 'redirect', ...redirect }, role: 'web', plainHttp };
  if (files !== undefined) {
    return { ...place, target: { kind: 'files', folder: paths.needs(files) }, role: 'web', plainHttp };
  }
  // A route that refuses does so by every scheme and for every role.
  if (upstream === undefined) return { ...place, target: { kind: 'refuse' }, role: 'web', plainHttp: 'lan' };
  return { ...place, target: { kind: 'upstream', upstream }, role, plainHttp };
}

function openingFrom({ route, from, start, until, reason, closeAfter }: Input['openings'][number]): OpeningConfig {
  const networks = from.map(asCidr);
  return {
    id: openingId(route, networks, until, start ?? null),
    route,
    from: networks,
    startMs: start ?? null,
    untilMs: until,
    reason: reason ?? '',
    closeAfter: { devices: closeAfter.devices ?? null, idleMs: closeAfter.idle ?? null },
  };
}
