// Owns the files of an ACME account: its key and, once the CA knows it, its address; one folder for each directory.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateFolder, writeFileAtomic } from '../../base/files.ts';

/** `key` in PEM; `url` is empty before the CA has told it. */
export type KeptAccount = { key: string; url: string };

/** `<host>-<hash>`: readable, and different for two directories of one host. */
export function accountName(directory: string): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  return `${new URL(directory).hostname.replace(/[^a-z0-9.-]/gi, '_')}-${hash}`;
}

export function accountFolder(directory: string, stateDir: string): string {
  return join(stateDir, 'acme', accountName(directory));
}

/** Those that there are. */
export function accountNames(stateDir: string): string[] {
  const folder = join(stateDir, 'acme');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Null where there is no key. */
export function readAccount(stateDir: string, name: string): KeptAccount | null {
  const [keyFile, urlFile] = filesOf(stateDir, name);
  if (!existsSync(keyFile)) return null;
  const url = existsSync(urlFile) ? readFileSync(urlFile, 'utf8').trim() : '';
  return { key: readFileSync(keyFile, 'utf8'), url };
}

/** The key first: an address without its key would be of no use. @throws {Error} with the system's code */
export function writeAccount(stateDir: string, name: string, { key, url }: KeptAccount): void {
  ensurePrivateFolder(join(stateDir, 'acme', name));
  const [keyFile, urlFile] = filesOf(stateDir, name);
  const known = readAccount(stateDir, name);
  if (known?.key !== key) writeFileAtomic(keyFile, key);
  const otherKey = known !== null && known.key !== key;
  if ((known?.url ?? '') !== url || otherKey) writeFileAtomic(urlFile, url === '' ? '' : `${url}\n`);
}

function filesOf(stateDir: string, name: string): [key: string, url: string] {
  const folder = join(stateDir, 'acme', name);
  return [join(folder, 'account.key'), join(folder, 'account.url')];
}
