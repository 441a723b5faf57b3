// Owns Live: the snapshot in force in this gate, compiled, together with the connections that outlive it.

import type { Limits, RouteConfig } from '../config/config.ts';
import type { OfferRule } from '../config/offers.ts';
import { judgeSources, type SourceJudge } from '../firmware/sources.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { compileRollouts, type Rollouts } from '../ota/rollout.ts';
import type { SealKey } from '../ota/seal.ts';
import { type AddressTest, compileNetworks } from '../policy/networks.ts';
import { compilePolicy, type Policy } from '../policy/view.ts';

export type Live = {
  policy: Policy;
  isTrustedProxy: AddressTest;
  proxyHeader: Snapshot['trustedProxies']['header'];
  proxyProtocol: boolean;
  upstreams: Snapshot['upstreams'];
  upstreamSettings: Snapshot['upstreamSettings'];
  sources: SourceJudge;
  adminSocket: string;
  limits: Limits;
  rollouts: Rollouts;
  offers: { allowed: ReadonlySet<OfferRule>; failures: number };
  sealKeys: readonly SealKey[];
  /** Whether the certificate for this name ends in a root that devices carry. */
  publicChain: (name: string) => boolean;
};

/** Compiles a snapshot. @throws {TypeError} for one that the configuration's checks should not have let through. */
export function compileLive(snapshot: Snapshot, publicChain: (name: string) => boolean): Live {
  const policy = compilePolicy(snapshot.policy);
  return {
    policy,
    isTrustedProxy: compileNetworks(snapshot.trustedProxies.from),
    proxyHeader: snapshot.trustedProxies.header,
    proxyProtocol: snapshot.trustedProxies.proxyProtocol,
    upstreams: snapshot.upstreams,
    upstreamSettings: snapshot.upstreamSettings,
    sources: judgeSources(snapshot, policy),
    adminSocket: snapshot.adminSocket,
    limits: snapshot.limits,
    rollouts: compileRollouts(snapshot.rollouts.rules, snapshot.rollouts.images, compileNetworks),
    offers: { allowed: new Set(snapshot.offers.allow), failures: snapshot.offers.failures },
    sealKeys: snapshot.sealKeys,
    publicChain,
  };
}

/** The limits of a request by this route: its own times count before the others. */
export function limitsOf({ limits }: Live, { timeouts }: RouteConfig): Limits {
  return timeouts === undefined ? limits : { ...limits, ...timeouts };
}
