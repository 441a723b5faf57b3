// Owns the proofs that stand somewhere while a CA looks: tokens and certificates in the gates, records in the DNS.
import type { AcmeConfig } from '../config/acme-config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { Presenter, Proof } from '../tls/acme/order.ts';
import { waitForRecord } from '../tls/dns/propagation.ts';
import { dnsProvider } from '../tls/dns/provider.ts';

export class Proofs implements Presenter {
  readonly #tokens = new Map<string, string>();
  readonly #certificates = new Map<string, Snapshot['tls']['alpnProofs'][number]>();
  readonly #publish: () => Promise<void>;
  readonly #config: () => AcmeConfig | null;

  /** `publish` resolves when every gate has what `tokens` and `certificates` say. */
  constructor(publish: () => Promise<void>, config: () => AcmeConfig | null) {
    this.#publish = publish;
    this.#config = config;
  }

  tokens(): Record<string, string> {
    return Object.fromEntries(this.#tokens);
  }

  certificates(): Snapshot['tls']['alpnProofs'] {
    return [...this.#certificates.values()];
  }

  async present(proof: Proof, signal: AbortSignal): Promise<void> {
    switch (proof.type) {
      case 'http-01':
        this.#tokens.set(proof.token, proof.keyAuthorization);
        return this.#publish();
      case 'tls-alpn-01':
        this.#certificates.set(proof.name, proof);
        return this.#publish();
      case 'dns-01': {
        const config = this.#config();
        if (config?.dns == null) throw new TypeError('dns-01 without tls.acme.dns');
        await dnsProvider(config.dns).present(proof.record, signal);
        await waitForRecord(proof.record, config.propagation, signal);
      }
    }
  }

  async cleanup(proof: Proof): Promise<void> {
    switch (proof.type) {
      case 'http-01':
        this.#tokens.delete(proof.token);
        return this.#publish();
      case 'tls-alpn-01':
        this.#certificates.delete(proof.name);
        return this.#publish();
      case 'dns-01': {
        const dns = this.#config()?.dns;
        if (dns != null) await dnsProvider(dns).cleanup(proof.record, AbortSignal.timeout(30_000));
      }
    }
  }
}
