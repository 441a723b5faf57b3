// Owns the choice of how challenge records are set: one provider for each kind in tls.acme.dns.
import { type Clock, systemClock } from '../../base/clock.ts';
import type { DnsConfig } from '../../config/acme-config.ts';
import { alidnsProvider } from './alidns.ts';
import { cloudflareProvider } from './cloudflare.ts';
import { dnspodProvider } from './dnspod.ts';
import { execProvider } from './exec.ts';
import { rfc2136Provider } from './rfc2136.ts';
import type { DnsProvider } from './txt-record.ts';

export type { DnsProvider, TxtRecord } from './txt-record.ts';

/** The provider that the configuration names. It opens nothing by itself: each call makes its own connections. */
export function dnsProvider(config: DnsConfig, clock: Clock = systemClock): DnsProvider {
  switch (config.provider) {
    case 'rfc2136':
      return rfc2136Provider(config, clock);
    case 'cloudflare':
      return cloudflareProvider(config);
    case 'alidns':
      return alidnsProvider(config, clock);
    case 'dnspod':
      return dnspodProvider(config, clock);
    case 'exec':
      return execProvider(config);
  }
}
