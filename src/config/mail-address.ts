// Owns e-mail addresses: the one that an authority writes to about certificates.
import { readPublicName } from './host-names.ts';
import { good, type Reading, unfit, wrong } from './reading.ts';

const EXPECTED = 'an e-mail address, such as you@example.com';
// RFC 5321's dot-string, without the characters that mean something in a mailto: URL (RFC 8555 section 7.3: one
// address, no header fields).
const LOCAL = /^[A-Za-z0-9!#$*+/=^_`{|}~'-]+(?:\.[A-Za-z0-9!#$*+/=^_`{|}~'-]+)*$/;

/** One address as written, its domain in lower case. */
export function readMailAddress(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, EXPECTED);
  if (value === '') return wrong('is empty', `${EXPECTED}, or the key left out`);
  const bare = /^\s*(?:mailto:)?<?([^<>\s]*)>?\s*$/i.exec(value)?.[1] ?? '';
  const meant = bare !== value && bare !== '' && readMailAddress(bare).ok ? bare : undefined;
  if (/^mailto:/i.test(value)) return wrong('begins with mailto:', EXPECTED, meant);
  if (/[,;]/.test(value)) return wrong('holds more than one address', EXPECTED);
  if (/[^\x21-\x7e]/.test(value)) return wrong('has a space or a character beyond ASCII', EXPECTED, meant);
  const [local = '', domain, ...more] = value.split('@');
  if (domain === undefined) return wrong('has no @', EXPECTED);
  if (more.length > 0) return wrong('has more than one @', EXPECTED);
  if (local.length > 64 || !LOCAL.test(local)) return wrong('is not an e-mail address before the @', EXPECTED, meant);
  const name = readPublicName(domain);
  return name.ok ? good(`${local}@${name.value}`) : wrong('is not an e-mail address behind the @', EXPECTED, meant);
}
