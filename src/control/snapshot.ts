// Owns the making of a Snapshot from the configuration, the state and the certificates.
import { networkInterfaces } from 'node:os';
import type { Config, Endpoint } from '../config/config.ts';
import type { ServedCertificate, Snapshot } from '../link/snapshot.ts';
import { normaliseAddress } from '../policy/networks.ts';
import type { State } from '../store/state.ts';
import { localCertificate } from '../tls/local-ca.ts';
import { readPemFiles } from '../tls/pem-files.ts';

export type Made = {
  snapshot: Snapshot;
  /** The local CA's root, where it signs something that is served. */
  localRootPem: string | null;
};

export type Ingredients = {
  config: Config;
  state: State;
  version: number;
  listen: { http: Endpoint[]; https: Endpoint[] };
  gateways: string[];
  ticketKeys: Uint8Array;
  nowMs: number;
};

/** @throws {GateError} TLS_MATERIAL or STATE_DAMAGED for certificates that cannot be served */
export function makeSnapshot(from: Ingredients): Made {
  const { config, state, nowMs } = from;
  const brought = config.tls.certificates.map((files) => readPemFiles(files, nowMs));
  const uncovered = config.domains.filter(
    (domain) => !brought.some((certificate) => certificate.names.includes(domain)),
  );
  const local = config.tls.localCa && config.listen.https.length > 0 ? signLocally(config, uncovered, nowMs) : null;
  // The first certificate is served where no name fits: the main domain's own.
  const certificates =
    local === null
      ? brought
      : uncovered.includes(config.domains[0] ?? '')
        ? [local.served, ...brought]
        : [...brought, local.served];
  const snapshot: Snapshot = {
    version: from.version,
    policy: {
      domains: config.domains,
      defaultSite: config.defaultSite,
      publicPorts: publicPorts(config, from.listen),
      lan: config.networks.lan,
      ownGateways: from.gateways,
      routes: config.routes,
      openings: config.openings,
      challenges: {},
    },
    listen: from.listen,
    shareListeners: process.platform === 'linux',
    trustedProxies: config.trustedProxies,
    upstreams: config.upstreams,
    firmwareAllow: config.firmware.allow,
    limits: config.limits,
    tls: { certificates, deviceRecordBytes: config.tls.deviceRecordBytes, ticketKeys: from.ticketKeys },
    sealKeys: state.sealKeys(),
    log: config.log,
  };
  return { snapshot, localRootPem: local?.rootPem ?? null };
}

/** A port 0 of the configuration stands for the one that was found free. */
function publicPorts(config: Config, listen: Ingredients['listen']): { http: number; https: number } {
  return {
    http: config.public.http || (listen.http[0]?.port ?? 80),
    https: config.public.https || (listen.https[0]?.port ?? 443),
  };
}

function signLocally(
  config: Config,
  uncovered: string[],
  nowMs: number,
): { served: ServedCertificate; rootPem: string } {
  // Devices and browsers on the LAN may use the bare address; loopback is for whoever sits at the machine.
  const names = [...new Set([...uncovered, ...ownAddresses(), 'localhost', '127.0.0.1', '::1'])];
  const { certPem, keyPem, rootPem } = localCertificate(config.stateDir, names, nowMs);
  return { served: { names, certPem, keyPem, publicChain: false }, rootPem };
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => normaliseAddress(address))
    .filter((address) => address !== '');
}
