// Owns the ACME account: its key is on disk before the CA hears of it, so that no crash can make a second one.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, crypto } from 'acme-client';
import { GateError } from '../../base/errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../../base/files.ts';
import type { AcmeConfig } from '../../config/acme-config.ts';
import { prepareTransport } from './transport.ts';

/** A client of a CA with a registered account. */
export type Account = Client;

// A busy CA forgets nonces faster than it hears of them; each round costs one small request.
const NONCE_TRIES = 20;

/**
 * A client with a registered account; `signal` ends what it has under way. The folder of the account is named after the directory, so that staging and
 * production keep apart.
 * @throws {GateError} ACME_UNREACHABLE, ACME_DIRECTORY, ACME_REFUSED
 */
export async function openAccount(config: AcmeConfig, stateDir: string, signal: AbortSignal): Promise<Account> {
  prepareTransport(config.directory, config.caFile, signal);
  const folder = accountFolder(config.directory, stateDir);
  ensurePrivateFolder(folder);
  const accountKey = await accountKeyIn(folder);
  const urlFile = join(folder, 'account.url');
  const known = existsSync(urlFile) ? readFileSync(urlFile, 'utf8').trim() : '';
  if (known !== '') {
    const client = newClient({ directoryUrl: config.directory, accountKey, accountUrl: known });
    if (await isAlive(client)) return client;
  }
  const client = newClient({
    directoryUrl: config.directory,
    accountKey,
    ...(config.eab === null ? {} : { externalAccountBinding: config.eab }),
  });
  // With a key that the CA knows already, this answers with the account that is there (RFC 8555 section 7.3.1).
  await client.createAccount({
    termsOfServiceAgreed: true,
    contact: config.email === null ? [] : [`mailto:${config.email}`],
  });
  writeFileAtomic(urlFile, `${client.getAccountUrl()}\n`);
  return client;
}

function newClient(options: ConstructorParameters<typeof Client>[0]): Client {
  const client = new Client(options);
  const http: unknown = Reflect.get(client, 'http');
  // Five by itself, and not among its options.
  if (typeof http === 'object' && http !== null) Reflect.set(http, 'maxBadNonceRetries', NONCE_TRIES);
  return client;
}

/** `stateDir/acme/<host>-<hash>`: readable, and different for two directories of one host. */
export function accountFolder(directory: string, stateDir: string): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  return join(stateDir, 'acme', `${new URL(directory).hostname.replace(/[^a-z0-9.-]/gi, '_')}-${hash}`);
}

async function accountKeyIn(folder: string): Promise<Buffer> {
  const file = join(folder, 'account.key');
  if (existsSync(file)) return readFileSync(file);
  const key = await crypto.createPrivateEcdsaKey('P-256');
  writeFileAtomic(file, key);
  return key;
}

/** A CA that lost its accounts (a test CA that was restarted) gets the same key registered again. */
async function isAlive(client: Client): Promise<boolean> {
  try {
    await client.updateAccount({});
    return true;
  } catch (error) {
    const lost =
      error instanceof GateError && (error.facts.acmeType === 'accountDoesNotExist' || error.facts.httpStatus === 404);
    if (lost) return false;
    throw error;
  }
}
