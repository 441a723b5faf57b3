// Owns the https URLs of services that the gate asks: an authority's directory, the interface of a DNS provider.
import { readIp } from './networks.ts';
import { good, type Reader, type Reading, unfit, wrong } from './reading.ts';
import { nearest } from './suggest.ts';

/** The directories that have a word of their own. */
export const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

const DIRECTORY_EXPECTED = `${Object.keys(DIRECTORIES).join(', ')} or the https URL of a directory`;

/** The URL of an ACME directory, from its word or as written. */
export function readDirectory(value: unknown): Reading<string> {
  if (typeof value === 'string' && /^[a-z-]*$/i.test(value)) {
    const url = Object.hasOwn(DIRECTORIES, value) ? DIRECTORIES[value] : undefined;
    if (url !== undefined) return good(url);
    return wrong('is not one of the words known here', DIRECTORY_EXPECTED, nearest(value, Object.keys(DIRECTORIES)));
  }
  return readWebAddress(DIRECTORY_EXPECTED)(value);
}

/** An https URL in its usual spelling; http only for this very machine, where nobody sits on the line. */
export function readWebAddress(expected: string): Reader<string> {
  return (value): Reading<string> => {
    if (typeof value !== 'string') return unfit(value, expected);
    if (value === '') return wrong('is empty', expected);
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) && !/[\s\p{Cc}]/u.test(value) ? URL.parse(value) : null;
    if (url === null) {
      const guess = value.includes('@') ? null : URL.parse(`https://${value}`);
      return wrong('is not a URL', expected, guess?.hostname.includes('.') ? guess.href : undefined);
    }
    if (url.username !== '' || url.password !== '') return wrong('has a user name or a password in it', expected);
    if (url.hash !== '') return wrong('has a fragment', expected);
    if (url.protocol === 'https:') return good(url.href);
    if (url.protocol !== 'http:') return wrong('is neither http nor https', expected);
    if (isLoopback(url.hostname)) return good(url.href);
    return wrong('is http, and whoever sits on the line could answer', `${expected}; http only for this machine`);
  };
}

/** Whether a host, as a URL has it, is this very machine. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return readIp(host.replace(/^\[(.*)\]$/, '$1'))?.range() === 'loopback';
}
