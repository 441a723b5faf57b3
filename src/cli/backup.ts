// Carries out `otagate backup` and `otagate restore`. Neither needs a gate; a backup may be made beside one that runs.
import { resolve } from 'node:path';
import type { Key } from '../backup/read.ts';
import { restoreBackup } from '../backup/restore.ts';
import { type Lock, writeBackup } from '../backup/write.ts';
import { errorCode, errorText } from '../base/errors.ts';
import { readBoundedText } from '../config/bounded-file.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { findAdminSocket } from '../control/admin/socket-place.ts';
import { VERSION } from '../control/shipped.ts';
import { exchange } from './admin-client.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { WrongUse } from './wrong-use.ts';

export type BackupOptions = { passphraseFile?: string; recipient?: string; firmware: boolean };
export type RestoreOptions = { passphraseFile?: string; identityFile?: string; replace?: boolean };

const ASK_MS = 2_000;
const MAX_IDENTITY_BYTES = 64 * 1024;

export async function makeBackup(context: Context, file: string, options: BackupOptions): Promise<number> {
  const { terminal, words, json, configFile } = context;
  const loaded = loadConfig(configFile);
  if (!loaded.ok) {
    terminal.tell(...loaded.faults.map(formatFinding));
    return EXIT.no;
  }
  try {
    const { firmware } = options;
    const settings = { lock: lockOf(context, options), firmware, version: VERSION, nowMs: terminal.now() };
    const made = await writeBackup(loaded.config, resolve(file), settings);
    if (json) terminal.printJson({ file: resolve(file), ...made });
    else terminal.print(words.backup.made(file, made.entries, made.bytes, made.images));
    for (const left of made.leftOut) terminal.tell(words.backup.leftOut(left));
    return EXIT.well;
  } catch (error) {
    if (error instanceof WrongUse) throw error;
    terminal.tell(words.backup.notMade(errorText(error)));
    return EXIT.no;
  }
}

export async function restore(context: Context, file: string, options: RestoreOptions): Promise<number> {
  const { terminal, words, json, configFile } = context;
  try {
    const restored = await restoreBackup(resolve(file), resolve(configFile), {
      key: keyOf(context, options),
      replace: options.replace === true,
      nowMs: terminal.now(),
      isRunning: (stateDir) => isRunning(stateDir, context),
    });
    const { manifest, stateDir, movedAside, missing } = restored;
    if (json) {
      terminal.printJson({ config: resolve(configFile), stateDir, made: manifest.made, movedAside, missing });
      return EXIT.well;
    }
    terminal.print(words.backup.restored(configFile, stateDir, manifest.made, manifest.otagate));
    terminal.tell(...movedAside.map(words.backup.movedAside), ...missing.map(words.backup.missing));
    return EXIT.well;
  } catch (error) {
    if (error instanceof WrongUse) throw error;
    terminal.tell(words.backup.notRestored(errorText(error)));
    return EXIT.no;
  }
}

function lockOf(context: Context, { passphraseFile, recipient }: BackupOptions): Lock {
  const { words } = context;
  if (passphraseFile !== undefined && recipient !== undefined)
    throw new WrongUse(words.usage.notBoth('--passphrase-file', '--recipient'));
  if (passphraseFile !== undefined) return { kind: 'passphrase', passphrase: secretIn(context, passphraseFile) };
  return recipient === undefined ? { kind: 'none' } : { kind: 'recipient', recipient };
}

function keyOf(context: Context, { passphraseFile, identityFile }: RestoreOptions): Key {
  const { words } = context;
  if (passphraseFile !== undefined && identityFile !== undefined)
    throw new WrongUse(words.usage.notBoth('--passphrase-file', '--identity-file'));
  if (passphraseFile !== undefined) return { kind: 'passphrase', passphrase: secretIn(context, passphraseFile) };
  if (identityFile === undefined) return { kind: 'none' };
  // age-keygen writes comments around the key.
  const read = readBoundedText(resolve(identityFile), MAX_IDENTITY_BYTES);
  const lines = read.ok ? read.text.split('\n') : [];
  const identity = lines.find((line) => /^AGE-SECRET-KEY-/i.test(line.trim()))?.trim();
  if (identity === undefined) throw new Error(context.words.backup.noIdentity(identityFile));
  return { kind: 'identity', identity };
}

function secretIn({ words }: Context, file: string): string {
  const read = readSecretFile(resolve(file));
  if (read.ok) return read.value;
  const [first] = read.wrongs;
  throw new Error(words.backup.noPassphrase(file, first?.problem ?? ''));
}

/**
 * Whether a gate runs on this stateDir.
 * @throws {Error} with the next step, where that cannot be told: one that hangs would have its state taken away
 */
async function isRunning(stateDir: string, { words }: Context): Promise<boolean> {
  const socketPath = findAdminSocket(stateDir);
  try {
    const answer = await exchange(socketPath, { method: 'GET', path: '/healthz' }, ASK_MS);
    answer.resume();
    return true;
  } catch (error) {
    const reason = errorCode(error);
    if (reason === 'ENOENT' || reason === 'ECONNREFUSED') return false;
    if (reason === 'EACCES' || reason === 'EPERM') throw new Error(words.gate.notPermitted(socketPath));
    throw new Error(words.backup.mayRun(stateDir, socketPath, errorText(error)));
  }
}
