// Owns the secrets of one file: those read from files of their own, where each came from, and how each is printed.
import { type Place, type Report, writePlace } from './finding.ts';
import { listOf, textOf, valueAt } from './loose.ts';
import { fromFolder, readFilePath } from './paths.ts';
import { readSecretFile } from './secret-file.ts';
import { DNS_SECRETS, SECRET_READERS, type SecretKey } from './secret-keys.ts';

/** Where a secret came from, where it does not stand in the configuration itself. Never the secret. */
export type SecretSource =
  /** Absolute path of the file that it was read from. */
  | { file: string }
  /** The value as written, with `${NAME}` from the environment in it. */
  | { written: string };

/** Both by the place of the key in the long form: `tls.acme.dns.secret`. */
export type Secrets = { fromFiles: ReadonlyMap<string, string>; sources: Record<string, SecretSource> };

type SecretPlace = { around: Place; key: SecretKey; required: boolean };

/**
 * Reads the secrets that stand in files, and reports each that is missing, given twice, or cannot be read.
 * `written` gives a value as the file has it, where it was filled in from the environment.
 */
export function readSecrets(
  raw: unknown,
  folder: string,
  written: (place: Place) => string | undefined,
  report: Report,
): Secrets {
  const fromFiles = new Map<string, string>();
  const sources: Record<string, SecretSource> = {};
  for (const { around, key, required } of secretPlaces(raw)) {
    const place = [...around, key];
    const filePlace = [...around, `${key}File`];
    const [inline, file] = [valueAt(raw, place), valueAt(raw, filePlace)];
    if (inline !== undefined && file !== undefined) {
      report(filePlace, { problem: `is there beside ${key}`, expected: 'one of the two' }, { at: 'key' });
    } else if (inline !== undefined) {
      const text = written(place);
      if (text !== undefined) sources[writePlace(place)] = { written: text };
    } else if (file !== undefined) {
      const path = readFilePath(file);
      if (!path.ok) continue;
      const absolute = fromFolder(folder, path.value);
      const held = readSecretFile(absolute);
      const secret = held.ok ? SECRET_READERS[key](held.value) : held;
      if (secret.ok) fromFiles.set(writePlace(place), secret.value);
      // What a suggestion says is made from the secret.
      else for (const { problem, expected } of secret.wrongs) report(filePlace, { problem, expected });
      sources[writePlace(place)] = { file: absolute };
    } else if (required) {
      report(place, { problem: 'is missing', expected: `it, or ${key}File with the path of a file that holds it` });
    }
  }
  return { fromFiles, sources };
}

function secretPlaces(raw: unknown): SecretPlace[] {
  const places: SecretPlace[] = [{ around: ['tls', 'acme', 'eab'], key: 'hmacKey', required: true }];
  const dns = ['tls', 'acme', 'dns'];
  const provider = textOf(valueAt(raw, [...dns, 'provider']));
  for (const [name, key] of Object.entries(DNS_SECRETS)) {
    if (name === provider) places.push({ around: dns, key, required: true });
  }
  places.push(
    { around: ['store'], key: 'password', required: false },
    { around: ['store'], key: 'sentinelPassword', required: false },
    { around: ['store'], key: 'encryptionKey', required: true },
  );
  const certificates = ['tls', 'certificates'];
  for (const index of listOf(valueAt(raw, certificates)).keys()) {
    places.push({ around: [...certificates, index], key: 'passphrase', required: false });
  }
  const webhooks = ['alerts', 'webhooks'];
  for (const index of listOf(valueAt(raw, webhooks)).keys()) {
    places.push({ around: [...webhooks, index], key: 'webhook', required: true });
    places.push({ around: [...webhooks, index], key: 'signingKey', required: false });
  }
  return places.filter(({ around }) => isMap(valueAt(raw, around)));
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The secret of a place, whichever way it was given. Empty only where a fault was reported. */
export function secretAt(secrets: Secrets, place: Place, inline: string | undefined): string {
  return inline ?? secrets.fromFiles.get(writePlace(place)) ?? '';
}

/** The secret as the long form writes it: by its source, never from a file or the environment by itself. */
export function writeSecret(
  place: Place,
  key: SecretKey,
  value: string | undefined,
  sources: Record<string, SecretSource>,
): Record<string, string | AsWritten> {
  const source = sources[writePlace([...place, key])];
  if (source === undefined) return value === undefined ? {} : { [key]: value };
  return 'file' in source ? { [`${key}File`]: source.file } : { [key]: new AsWritten(source.written) };
}

/** Text of the file that keeps its `${NAME}`. */
export class AsWritten {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
