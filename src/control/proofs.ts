// Owns the proofs that stand somewhere while a CA looks: tokens and certificates in the gates, records in the DNS.
import { z } from 'zod';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AcmeConfig } from '../config/acme-config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { Presenter, Proof } from '../tls/acme/order.ts';
import { effectiveName } from '../tls/dns/authority.ts';
import { waitForRecord } from '../tls/dns/propagation.ts';
import { dnsProvider, type TxtRecord } from '../tls/dns/provider.ts';
import type { Records } from './keeping.ts';

const CLEANUP_MS = 30_000;
const EVERYWHERE_MS = 10_000;
const SHARED_MS = 10 * 60_000;

/** How proofs reach the other machines. */
export type ProofSharing = Pick<Records, 'put' | 'list' | 'everywhere'>;

type SharedProof = Exclude<Proof, { type: 'dns-01' }>;

const sharedProofSchema = z.object({
  untilMs: z.number(),
  proof: z.discriminatedUnion('type', [
    z.object({ type: z.literal('http-01'), token: z.string(), keyAuthorization: z.string() }),
    z.object({ type: z.literal('tls-alpn-01'), name: z.string(), certPem: z.string(), keyPem: z.string() }),
  ]),
});

function recordOf(proof: SharedProof): string {
  return `proof/${proof.type === 'http-01' ? proof.token : proof.name}`;
}

export class Proofs implements Presenter {
  readonly #tokens = new Map<string, string>();
  readonly #certificates = new Map<string, Snapshot['tls']['alpnProofs'][number]>();
  /** Records that were set, by their proof: where a CNAME leads to, the name is another one than was asked for. */
  readonly #records = new WeakMap<Proof, TxtRecord>();
  readonly #publish: () => Promise<void>;
  readonly #config: () => AcmeConfig | null;
  readonly #log: Log;
  readonly #others: ProofSharing | null;

  /** `publish` resolves when every gate has what `tokens` and `certificates` say. */
  constructor(
    publish: () => Promise<void>,
    config: () => AcmeConfig | null,
    log: Log,
    others: ProofSharing | null = null,
  ) {
    this.#publish = publish;
    this.#config = config;
    this.#log = log;
    this.#others = others;
  }

  tokens(): Record<string, string> {
    const theirs = this.#sharedProofs().flatMap((proof) =>
      proof.type === 'http-01' ? [[proof.token, proof.keyAuthorization] as const] : [],
    );
    return Object.fromEntries([...theirs, ...this.#tokens]);
  }

  certificates(): Snapshot['tls']['alpnProofs'] {
    const theirs = this.#sharedProofs().flatMap((proof) => (proof.type === 'tls-alpn-01' ? [proof] : []));
    return [...theirs.filter(({ name }) => !this.#certificates.has(name)), ...this.#certificates.values()];
  }

  async present(proof: Proof, signal: AbortSignal): Promise<void> {
    switch (proof.type) {
      case 'http-01':
        this.#tokens.set(proof.token, proof.keyAuthorization);
        return this.#show(proof);
      case 'tls-alpn-01':
        this.#certificates.set(proof.name, proof);
        return this.#show(proof);
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

  /** Resolves when every gate of every machine that is there shows it: the CA reaches whichever. */
  async #show(proof: SharedProof): Promise<void> {
    await this.#publish();
    const others = this.#others;
    if (others === null) return;
    for (const { name, value } of others.list('proof/'))
      if ((sharedProofSchema.safeParse(value).data?.untilMs ?? 0) < Date.now()) others.put(name, null);
    others.put(recordOf(proof), { proof, untilMs: Date.now() + SHARED_MS });
    if (await others.everywhere(EVERYWHERE_MS)) return;
    this.#log.warn(
      { event: 'proof-not-everywhere', type: proof.type },
      'not every machine shows yet what proves a name to the CA: where it asks one of those, the order fails',
    );
  }

  #sharedProofs(): SharedProof[] {
    const all = this.#others?.list('proof/') ?? [];
    return all.flatMap(({ value }) => {
      const read = sharedProofSchema.safeParse(value);
      return read.success && read.data.untilMs > Date.now() ? [read.data.proof] : [];
    });
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
        this.#others?.put(recordOf(proof), null);
        return this.#publish();
      case 'tls-alpn-01':
        this.#certificates.delete(proof.name);
        this.#others?.put(recordOf(proof), null);
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
