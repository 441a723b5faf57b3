// Owns all certificates that are served: those brought along in files, those obtained by ACME, and the local CA's for the rest.
import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { acmeNames } from '../config/acme-names.ts';
import type { CertificateFiles, Config } from '../config/config.ts';
import type { ServedCertificate } from '../link/snapshot.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { fileSignature, readCertificateFiles } from '../tls/brought.ts';
import { endsInPublicRoot, namesOf, parseChain } from '../tls/chain.ts';
import { chooseCertificate, covers } from '../tls/choose.ts';
import { localCertificate } from '../tls/local-ca.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import type { Keeping, SharedNews } from './keeping.ts';
import { Proofs } from './proofs.ts';
import { SharedFiles } from './shared-files.ts';

export type Brought = { files: CertificateFiles; signature: string; certificate: ServedCertificate };

export class Certificates {
  readonly proofs: Proofs;
  readonly keeper: CertificateKeeper;
  readonly #log: Log;
  readonly #files: SharedFiles | null;
  #config: Config;
  #brought: Brought[] = [];
  #localRootPem: string | null = null;

  /** `publish` gives every gate the newest snapshot, and resolves when they have it. */
  constructor(config: Config, log: Log, publish: () => Promise<void>, keeping: Pick<Keeping, 'agreement' | 'records'>) {
    this.#config = config;
    this.#log = log;
    const { agreement, records } = keeping;
    this.proofs = new Proofs(publish, () => this.#config.tls.acme, log, records);
    this.#files =
      records === null
        ? null
        : new SharedFiles({
            stateDir: config.stateDir,
            records,
            log,
            onCertificate: (obtained) => this.keeper.adopt(obtained),
          });
    const files = this.#files;
    this.keeper = new CertificateKeeper({
      stateDir: config.stateDir,
      log,
      presenter: this.proofs,
      onObtained: publish,
      agreement,
      ...(files === null || records === null
        ? {}
        : {
            others: {
              sync: records.sync,
              obtained: (obtained) => files.obtained(obtained),
              account: (name) => files.account(name),
            },
          }),
    });
  }

  /** Tells the other machines what is in the files here. */
  tell(): void {
    this.#files?.tell(this.#config.tls.localCa && this.#config.listen.https.length > 0);
  }

  /** Takes what other machines have: the files, and what is made of them. */
  take(news: readonly SharedNews[]): void {
    this.#files?.take(news);
  }

  /** The files that are in force. */
  get brought(): Brought[] {
    return this.#brought;
  }

  get localRootPem(): string | null {
    return this.#localRootPem;
  }

  /** Reads the files of a configuration without taking it. @throws {GateError} TLS_MATERIAL with the reason */
  read(config: Config, nowMs: number): Brought[] {
    return config.tls.certificates.map((files) => ({
      files,
      signature: fileSignature(files),
      certificate: readCertificateFiles(files, nowMs),
    }));
  }

  /** Takes a configuration, with its files already read. */
  use(config: Config, brought: Brought[]): void {
    this.#config = config;
    this.#brought = brought;
    const names = acmeNames(config).filter(
      (name) => !brought.some(({ certificate }) => covers(certificate.names, name)),
    );
    this.keeper.configure(config.tls.acme, names);
    const [main, ...others] = config.domains;
    if (config.tls.acme?.keyType === 'both' && others.length > 0) {
      // Node hands OpenSSL one certificate where it chooses by SNI; the listener's own context holds both.
      this.#log.warn(
        { event: 'one-key-type', domains: others },
        `keyType both: ${main} serves ECDSA and RSA by what the client takes, ${others.join(', ')} RSA alone`,
      );
    }
  }

  /** Reads files again that have changed. A bad one is told with its reason, and the old one kept. */
  refreshFiles(nowMs: number): boolean {
    let changed = false;
    this.#brought = this.#brought.map((old) => {
      const signature = fileSignature(old.files);
      if (signature === old.signature) return old;
      try {
        const certificate = readCertificateFiles(old.files, nowMs);
        changed = true;
        this.#log.info(
          { event: 'certificate-changed', names: certificate.names },
          `new certificate from its file: ${certificate.names.join(', ')}`,
        );
        return { files: old.files, signature, certificate };
      } catch (error) {
        this.#log.error(
          { event: 'certificate-refused', detail: errorText(error) },
          `${errorText(error)}; the old certificate is kept`,
        );
        return { ...old, signature };
      }
    });
    // A new file may be for more names, or for fewer: the rest is the CA's.
    if (changed) this.use(this.#config, this.#brought);
    return changed;
  }

  /** What the gates serve now; the first one is for clients without a name. @throws {GateError} STATE_DAMAGED */
  served(nowMs: number): ServedCertificate[] {
    const { domains, tls, listen, streams } = this.#config;
    const own = [...this.#brought.map(({ certificate }) => certificate), ...this.keeper.certificates().map(asServed)];
    const uncovered = domains.filter((domain) => !own.some(({ names }) => covers(names, domain)));
    if (!tls.localCa || listen.https.length + streams.length === 0) return mainFirst(own, domains[0] ?? '');
    // Devices and browsers on the LAN may use the bare address; loopback is for whoever sits at the machine.
    const names = [...new Set([...uncovered, ...ownAddresses(), 'localhost', '127.0.0.1', '::1'])];
    const { certPem, keyPem, rootPem } = localCertificate(this.#config.stateDir, names, nowMs);
    this.#localRootPem = rootPem;
    return mainFirst([...own, { names, certPem, keyPem, publicChain: false }], domains[0] ?? '');
  }
}

function asServed({ certPem, keyPem }: { certPem: string; keyPem: string }): ServedCertificate {
  const chain = parseChain(certPem, 'the obtained certificate');
  return { names: namesOf(new X509Certificate(certPem)), certPem, keyPem, publicChain: endsInPublicRoot(chain) };
}

function mainFirst(certificates: ServedCertificate[], mainDomain: string): ServedCertificate[] {
  const main = chooseCertificate(certificates, mainDomain);
  return main === undefined ? [] : [main, ...certificates.filter((certificate) => certificate !== main)];
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => normaliseAddress(address))
    .filter((address) => address !== '');
}
