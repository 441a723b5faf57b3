// Owns Snapshot: everything that a gate needs to serve, sent down by control, immutable, replaced whole.
import type { Config, Endpoint, Limits, StreamConfig } from '../config/config.ts';
import type { Rollout, StoredImage } from '../ota/rollout.ts';
import type { SealKey } from '../ota/seal.ts';
import type { PolicyView } from '../policy/view.ts';

/** A certificate as a gate serves it. Keys are PEM and never leave the machine. */
export type ServedCertificate = {
  /** Lower-case names and addresses that the leaf is for. */
  names: string[];
  certPem: string;
  keyPem: string;
  /** Whether the chain ends in a root that devices carry; false for the local CA. */
  publicChain: boolean;
};

/** Where to listen, with every port found free. */
export type Listen = { http: Endpoint[]; https: Endpoint[]; streams: Endpoint[] };

export type Snapshot = {
  version: number;
  /** What control's clock said, which never goes back, at a moment of the machine (`machineClock`): gates count on from it. */
  time: { nowMs: number; machineMs: number };
  policy: PolicyView;
  listen: Listen;
  /** Whether each gate listens by itself on the same address (SO_REUSEPORT), and the kernel shares connections out. */
  shareListeners: boolean;
  /** With the ports of `listen.streams`; their `connections` are those of one gate. */
  streams: StreamConfig[];
  trustedProxies: Config['trustedProxies'];
  upstreams: Config['upstreams'];
  upstreamSettings: Config['upstreamSettings'];
  firmware: {
    allow: string[];
    /** Of hot images, in each gate. */
    memoryBytes: number;
    /** To one device. */
    deviceBytesPerSecond: number | null;
    /** The largest number of downloads at a time, in all gates together. */
    downloads: number | null;
  };
  /** Which rules withhold no offer, and how often a device may fail. */
  offers: Config['offers'];
  /** Who is offered what, and the apps of the store that some of them send. */
  rollouts: { rules: Rollout[]; images: StoredImage[] };
  /** The Unix socket on which control takes requests of routes with role admin. */
  adminSocket: string;
  limits: Limits;
  tls: {
    /** The first one is served to clients without SNI, or with a name that no other certificate has. */
    certificates: ServedCertificate[];
    deviceRecordBytes: number;
    /** Certificates that prove a name to an ACME server by TLS-ALPN-01 (RFC 8737), while it looks. */
    alpnProofs: { name: string; certPem: string; keyPem: string }[];
    /** 48 bytes, the same in all gates, so that a session can be resumed on any of them. */
    ticketKeys: Uint8Array;
  };
  sealKeys: SealKey[];
  log: Config['log'];
};
