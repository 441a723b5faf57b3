// Owns the proofs that stand somewhere while a CA looks: tokens and certificates in the gates, records in the DNS.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AcmeConfig } from '../config/acme-config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { Presenter, Proof } from '../tls/acme/order.ts';
import { effectiveName } from '../tls/dns/authority.ts';
import { waitForRecord } from '../tls/dns/propagation.ts';
import { dnsProvider, type TxtRecord } from '../tls/dns/provider.ts';

const CLEANUP_MS = 30_000;

export class Proofs implements Presenter {
  readonly #tokens = new Map<string, string>();
  readonly #certificates = new Map<string, Snapshot['tls']['alpnProofs'][number]>();
  /** Records that were set, by their proof: where a CNAME leads to, the name is another one than was asked for. */
  readonly #records = new WeakMap<Proof, TxtRecord>();
  readonly #publish: () => Promise<void>;
  readonly #config: () => AcmeConfig | null;
  readonly #log: Log;

  /** `publish` resolves when every gate has what `tokens` and `certificates` say. */
  constructor(publish: () => Promise<void>, config: () => AcmeConfig | null, log: Log) {
    this.#publish = publish;
    this.#config = config;
    this.#log = log;
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
        const name = await effectiveName(proof.record.name, config.propagation, signal);
        const record = { name, value: proof.record.value };
        this.#records.set(proof, record);
        await dnsProvider(config.dns).present(record, signal);
        await waitForRecord(proof.record, config.propagation, signal);
      }
    }
  }

  async cleanup(proof: Proof): Promise<void> {
    try {
      await this.#remove(proof);
    } catch (error) {
      this.#log.warn(
        { event: 'proof-left', type: proof.type, detail: errorText(error) },
        `what proved a name to the CA could not be removed: ${errorText(error)}`,
      );
    }
  }

  async #remove(proof: Proof): Promise<void> {
    switch (proof.type) {
      case 'http-01':
        this.#tokens.delete(proof.token);
        return this.#publish();
      case 'tls-alpn-01':
        this.#certificates.delete(proof.name);
        return this.#publish();
      case 'dns-01': {
        const dns = this.#config()?.dns;
        const record = this.#records.get(proof);
        if (dns != null && record !== undefined)
          await dnsProvider(dns).cleanup(record, AbortSignal.timeout(CLEANUP_MS));
      }
    }
  }
}
