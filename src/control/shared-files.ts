// Owns what is kept in files and shared all the same: obtained certificates, ACME accounts, the local CA's root. The
// files are this machine's copy; a record tells the others.
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { accountNames, readAccount, writeAccount } from '../tls/acme/account-files.ts';
import { type Obtained, readObtained, writeObtained } from '../tls/acme/certificate-files.ts';
import { ensureLocalRoot, replaceLocalRoot } from '../tls/local-ca.ts';
import type { Records, SharedNews } from './keeping.ts';

const obtainedSchema = z.object({
  name: z.string(),
  keyType: z.enum(['ecdsa', 'rsa']),
  directory: z.string(),
  certPem: z.string(),
  keyPem: z.string(),
  obtainedMs: z.number(),
});
const accountSchema = z.object({ key: z.string(), url: z.string() });
const rootSchema = z.object({ certPem: z.string(), keyPem: z.string() });
// It names a folder.
const ACCOUNT_NAME = /^[\w.-]{1,300}$/;
const ROOT = 'local-ca/root';

export class SharedFiles {
  readonly #stateDir: string;
  readonly #records: Records;
  readonly #log: Log;
  /** Hears of a certificate that another machine obtained; it stands in its file already. */
  readonly #onCertificate: (obtained: Obtained) => void;

  constructor(parts: {
    stateDir: string;
    records: Records;
    log: Log;
    onCertificate: (obtained: Obtained) => void;
  }) {
    this.#stateDir = parts.stateDir;
    this.#records = parts.records;
    this.#log = parts.log;
    this.#onCertificate = parts.onCertificate;
  }

  /** Tells what is in the files and not known to the others. `localCa`: whether its root is wanted here. */
  tell(localCa: boolean): void {
    for (const obtained of readObtained(this.#stateDir).obtained) this.#tellCertificate(obtained, true);
    for (const name of accountNames(this.#stateDir)) this.#tellAccount(name);
    if (localCa && this.#records.read(ROOT) === null)
      this.#records.put(ROOT, ensureLocalRoot(this.#stateDir, Date.now()));
  }

  /** A certificate was obtained here. */
  obtained(obtained: Obtained): void {
    this.#tellCertificate(obtained, false);
  }

  /** Agrees with the others on the account of this folder, before the CA hears of it and when it has its address. */
  async account(name: string): Promise<void> {
    this.#tellAccount(name);
    await this.#records.sync();
  }

  /** Writes what others changed into the files. */
  take(news: readonly SharedNews[]): void {
    for (const one of news) {
      try {
        this.#takeOne(one);
      } catch (error) {
        this.#log.error(
          { event: 'shared-file-not-written', name: one.name, detail: errorText(error) },
          `${one.name}, which another machine has, cannot be written here (${errorText(error)})`,
        );
      }
    }
  }

  #takeOne({ name, value }: SharedNews): void {
    const [kind, ...rest] = name.split('/');
    const id = rest.join('/');
    if (kind === 'certificate') {
      const read = obtainedSchema.safeParse(value);
      if (!read.success) return;
      const { obtainedMs: _, ...obtained } = read.data;
      writeObtained(this.#stateDir, obtained);
      this.#onCertificate(obtained);
    } else if (kind === 'account' && ACCOUNT_NAME.test(id)) {
      const read = accountSchema.safeParse(value);
      if (read.success) writeAccount(this.#stateDir, id, read.data);
    } else if (name === ROOT) {
      const read = rootSchema.safeParse(value);
      if (read.success) replaceLocalRoot(this.#stateDir, read.data);
    }
  }

  #tellCertificate(obtained: Obtained, onlyNewer: boolean): void {
    const name = `certificate/${obtained.name}.${obtained.keyType}`;
    const obtainedMs = new X509Certificate(obtained.certPem).validFromDate.getTime();
    const known = obtainedSchema.safeParse(this.#records.read(name));
    if (onlyNewer && known.success && known.data.obtainedMs >= obtainedMs) return;
    this.#records.put(name, { ...obtained, obtainedMs });
  }

  #tellAccount(name: string): void {
    const account = readAccount(this.#stateDir, name);
    const known = accountSchema.safeParse(this.#records.read(`account/${name}`));
    if (account === null || (known.success && (known.data.url !== '' || account.url === ''))) return;
    this.#records.put(`account/${name}`, account);
  }
}
