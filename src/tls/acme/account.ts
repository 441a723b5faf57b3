// Owns the ACME account: its key is on disk before the CA hears of it, so that no crash can make a second one.
import { Client, crypto } from 'acme-client';
import { GateError } from '../../base/errors.ts';
import type { AcmeConfig } from '../../config/acme-config.ts';
import { accountName, readAccount, writeAccount } from './account-files.ts';
import { prepareTransport } from './transport.ts';

/** A client of a CA with a registered account. */
export type Account = Client;

// A busy CA forgets nonces faster than it hears of them; each round costs one small request.
const NONCE_TRIES = 20;

/**
 * A client with a registered account; `signal` ends what it has under way. The folder of the account is named after the
 * directory, so that staging and production keep apart. `agree` hears of the account when its key is written, before the
 * CA does, and may bring another one in its place: that of all machines.
 * @throws {GateError} ACME_UNREACHABLE, ACME_DIRECTORY, ACME_REFUSED
 */
export async function openAccount(
  config: AcmeConfig,
  stateDir: string,
  signal: AbortSignal,
  agree: (name: string) => Promise<void> = async () => {},
): Promise<Account> {
  prepareTransport(config.directory, config.caFile, signal);
  const name = accountName(config.directory);
  if (readAccount(stateDir, name) === null) {
    const key = await crypto.createPrivateEcdsaKey('P-256');
    writeAccount(stateDir, name, { key: key.toString(), url: '' });
  }
  await agree(name);
  const { key = '', url = '' } = readAccount(stateDir, name) ?? {};
  const accountKey = Buffer.from(key);
  if (url !== '') {
    const client = newClient({ directoryUrl: config.directory, accountKey, accountUrl: url });
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
  writeAccount(stateDir, name, { key, url: client.getAccountUrl() });
  await agree(name);
  return client;
}

function newClient(options: ConstructorParameters<typeof Client>[0]): Client {
  const client = new Client(options);
  const http: unknown = Reflect.get(client, 'http');
  // Five by itself, and not among its options.
  if (typeof http === 'object' && http !== null) Reflect.set(http, 'maxBadNonceRetries', NONCE_TRIES);
  return client;
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
