// Owns the keys that hold a secret: which they are, what each must look like, and that none is ever shown.
import type { Place } from './finding.ts';
import { leaf } from './leaf.ts';
import { readFilePath } from './paths.ts';
import { good, type Reader, type Reading, readText, wrong } from './reading.ts';
import { readWebAddress } from './web-address.ts';

const readPlain = readText('the secret', 1000);

/** What each secret must look like. Every one of these keys has a twin with `File` behind its name. */
export const SECRET_READERS = {
  secret: readTsigSecret,
  apiToken: readPlain,
  accessKeySecret: readPlain,
  secretKey: readPlain,
  hmacKey: readHmacKey,
  passphrase: readPlain,
  webhook: readWebAddress('the https URL of the webhook'),
  signingKey: readPlain,
  password: readPlain,
  sentinelPassword: readPlain,
  encryptionKey: readEncryptionKey,
} satisfies Record<string, Reader<string>>;

export type SecretKey = keyof typeof SECRET_READERS;

/** The secret of each DNS provider. */
export const DNS_SECRETS = {
  rfc2136: 'secret',
  cloudflare: 'apiToken',
  alidns: 'accessKeySecret',
  dnspod: 'secretKey',
} as const satisfies Record<string, SecretKey>;

/** Whether the value at a place is a secret, which no message may show. */
export function isSecret(place: Place): boolean {
  const key = place.at(-1);
  // Its address is the place where a password is written by habit.
  if (place[0] === 'store' && (place.length === 1 || key === 'redis')) return true;
  return typeof key === 'string' && Object.hasOwn(SECRET_READERS, key);
}

/** A secret of the file. */
export const secret = (key: SecretKey, description: string) =>
  leaf(SECRET_READERS[key], { description, type: 'string' }).optional();

/** The path of a file that holds a secret. */
export const secretFile = (key: SecretKey) =>
  leaf(readFilePath, { description: `A file that holds ${key}, in place of it.`, type: 'string' }).optional();

function readTsigSecret(value: unknown): Reading<string> {
  const text = readPlain(value);
  if (!text.ok) return text;
  const expected = 'the Base64 text behind the word secret in the file of tsig-keygen';
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text.value) ? text : wrong('is not Base64', expected);
}

/** One key of 32 bytes, or the new one and older ones behind it. */
function readEncryptionKey(value: unknown): Reading<string> {
  const text = readPlain(value);
  if (!text.ok) return text;
  const keys = text.value.split(/[\s,]+/);
  const fits = keys.length <= 4 && keys.every((key) => Buffer.from(key, 'base64').length === 32);
  return fits ? good(keys.join(',')) : wrong('is not 32 bytes in Base64', 'what `openssl rand -base64 32` prints');
}

/** RFC 8555 section 7.3.4 has it in base64url; some authorities show the same in Base64. */
function readHmacKey(value: unknown): Reading<string> {
  const text = readPlain(value);
  if (!text.ok) return text;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.value))
    return wrong('is not base64url', 'the key as the authority shows it');
  return good(text.value.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
}
