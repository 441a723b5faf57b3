// Owns the making of a Snapshot from the configuration, the state and the certificates.
import type { Config, StreamConfig } from '../config/config.ts';
import type { Listen, Snapshot } from '../link/snapshot.ts';
import type { PolicyView } from '../policy/view.ts';
import type { State } from '../store/state.ts';
import { placeSocket } from './admin/socket-place.ts';

export type Ingredients = {
  config: Config;
  state: State;
  version: number;
  listen: Listen;
  gateways: string[];
  ticketKeys: Uint8Array;
  time: Snapshot['time'];
  openings: PolicyView['openings'];
  rollouts: Snapshot['rollouts'];
  certificates: Snapshot['tls']['certificates'];
  /** What stands there for a CA to look at. */
  proofs: { tokens: PolicyView['challenges']; certificates: Snapshot['tls']['alpnProofs'] };
};

export function makeSnapshot(from: Ingredients): Snapshot {
  const { config, state } = from;
  return {
    version: from.version,
    time: from.time,
    policy: {
      domains: config.domains,
      defaultSite: config.defaultSite,
      publicPorts: publicPorts(config, from.listen),
      lan: config.networks.lan,
      ownGateways: from.gateways,
      routes: config.routes,
      openings: from.openings.map(({ id, route, from: networks, startMs, untilMs, reason }) => ({
        id,
        route,
        from: networks,
        startMs,
        untilMs,
        reason,
      })),
      challenges: from.proofs.tokens,
    },
    listen: from.listen,
    shareListeners: process.platform === 'linux',
    streams: servedStreams(config, from.listen),
    trustedProxies: config.trustedProxies,
    upstreams: config.upstreams,
    upstreamSettings: config.upstreamSettings,
    firmware: {
      allow: config.firmware.allow,
      memoryBytes: Math.floor(config.firmware.memoryBytes / config.workers),
      deviceBytesPerSecond: config.firmware.pace.deviceBytesPerSecond,
      downloads: config.firmware.downloads,
    },
    offers: config.offers,
    rollouts: from.rollouts,
    adminSocket: placeSocket(config.stateDir, 'public-admin'),
    limits: config.limits,
    tls: {
      certificates: from.certificates,
      deviceRecordBytes: config.tls.deviceRecordBytes,
      alpnProofs: from.proofs.certificates,
      ticketKeys: from.ticketKeys,
    },
    sealKeys: state.sealKeys(),
    log: config.log,
  };
}

/** A port 0 of the configuration stands for the one that was found free. */
function publicPorts(config: Config, listen: Listen): PolicyView['publicPorts'] {
  return {
    http: config.public.http || (listen.http[0]?.port ?? 80),
    https: config.public.https || (listen.https[0]?.port ?? 443),
    mqtts: config.public.mqtts,
  };
}

function servedStreams({ streams, workers }: Config, listen: Listen): StreamConfig[] {
  return streams.map((stream, index) => ({
    ...stream,
    listen: listen.streams[index] ?? stream.listen,
    connections: Math.ceil(stream.connections / workers),
  }));
}
