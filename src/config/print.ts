// Owns printing: a Config as the YAML of its long form, which loads again to the same.
import { stringify } from 'yaml';
import type { Config, RouteConfig } from './config.ts';
import { writeEndpoint } from './endpoints.ts';
import { writeLimits } from './limits.ts';

/** The long form, without presets, with every default written out and every path absolute. */
export function printLongForm(config: Config): string {
  const long = {
    domains: config.domains,
    listen: { http: config.listen.http.map(writeEndpoint), https: config.listen.https.map(writeEndpoint) },
    public: config.public,
    defaultSite: config.defaultSite,
    workers: config.workers,
    stateDir: config.stateDir,
    tls: config.tls,
    networks: config.networks,
    trustedProxies: config.trustedProxies,
    upstreams: config.upstreams,
    routes: config.routes.map(writeRoute),
    openings: config.openings.map(({ route, from, untilMs, reason }) => ({
      route,
      from,
      until: new Date(untilMs).toISOString(),
      ...(reason === '' ? {} : { reason }),
    })),
    firmware: config.firmware,
    limits: writeLimits(config.limits),
    log: config.log,
  };
  return stringify(long, escapeReferences, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** What a route that refuses has besides would have no effect, and be warned about. */
function writeRoute({ name, host, path, target, role, plainHttp }: RouteConfig): Record<string, unknown> {
  const place = { name, ...(host === undefined ? {} : { host }), path };
  return target.kind === 'refuse'
    ? { ...place, refuse: true }
    : { ...place, upstream: target.upstream, role, plainHttp };
}

/** A `${` that is in a value by now was meant as it stands. */
function escapeReferences(_key: unknown, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('${', () => '$${') : value;
}
