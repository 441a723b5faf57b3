// Owns the URLs of the file: origins of upstreams, and the prefixes from which firmware may be fetched.

import { isAbsolute } from 'node:path';
import { readUpstreamHost } from './host-names.ts';
import { good, oneOrMore, type Reading, unfit, wrong } from './reading.ts';
import { MAX_SOCKET_PATH_BYTES, unixOrigin } from './unix-origin.ts';

const ORIGIN_EXPECTED = 'an origin, such as http://192.168.1.5:8002';
const PREFIX_EXPECTED = 'a URL that ends in /, such as https://files.example.com/fw/';
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** The origins of one upstream: from one, or from a list. */
export function readOrigins(value: unknown): Reading<string[]> {
  const reading = oneOrMore(readOrigin, 32)(value);
  if (reading.ok && reading.value.length === 0) return wrong('is an empty list', ORIGIN_EXPECTED);
  return reading;
}

/** `http://host:port` or `https://host:port`, in lower case, a default port left out; `unix:/path` as `unixOrigin`. */
export function readOrigin(value: unknown): Reading<string> {
  const socket = typeof value === 'string' ? /^unix:(?:\/\/)?(.*)$/.exec(value)?.[1] : undefined;
  if (socket !== undefined) return readSocket(socket);
  const reading = readUrl(value, ORIGIN_EXPECTED);
  if (!reading.ok) return reading;
  const url = reading.value;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return wrong('has a path, and paths are taken from the request', ORIGIN_EXPECTED, url.origin);
  }
  return good(url.origin);
}

/** An origin and a path prefix for firmware. It ends in `/`, or `/fw` would let in `/fw-of-a-stranger` too. */
export function readFirmwarePrefix(value: unknown): Reading<string> {
  const reading = readUrl(value, PREFIX_EXPECTED);
  if (!reading.ok) return reading;
  const url = reading.value;
  if (url.search !== '' || url.hash !== '') return wrong('has a query or a fragment', PREFIX_EXPECTED);
  if (/\.\.|\/\.\/|%|\/\/|\\/.test(String(value).replace(SCHEME, ''))) {
    return wrong('has a path that could be read in two ways (.., //, \\ or an escape)', PREFIX_EXPECTED);
  }
  if (!url.pathname.endsWith('/')) return wrong('does not end in /', PREFIX_EXPECTED, `${url.origin}${url.pathname}/`);
  return good(url.origin + url.pathname);
}

function readSocket(path: string): Reading<string> {
  const expected = 'unix: and the absolute path of a socket, such as unix:/run/server.sock';
  if (!isAbsolute(path) || /\p{Cc}/u.test(path)) return wrong('is no absolute path', expected);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    return wrong('is too long for a socket', `${MAX_SOCKET_PATH_BYTES} bytes at most`);
  return good(unixOrigin(path));
}

function readUrl(value: unknown, expected: string): Reading<URL> {
  if (typeof value !== 'string') return unfit(value, expected);
  if (value === '') return wrong('is empty', expected);
  const scheme = SCHEME.exec(value)?.[1]?.toLowerCase();
  if (scheme === undefined) return wrong('has no scheme', expected, suggested(`http://${value}`));
  const http = { ws: 'http', wss: 'https' }[scheme];
  if (http !== undefined) {
    return wrong(
      `is written with ${scheme}, and WebSockets go to the same origin`,
      expected,
      suggested(value.replace(SCHEME, `${http}://`)),
    );
  }
  if (scheme !== 'http' && scheme !== 'https') return wrong('is neither http nor https', expected);
  const url = URL.parse(value);
  if (url === null || /[\s\p{Cc}]/u.test(value)) return wrong('is not a URL', expected);
  if (url.username !== '' || url.password !== '') return wrong('has a user name or a password in it', expected);
  const authority = value.replace(SCHEME, '').replace(/[/?#\\].*$/, '');
  const host = readUpstreamHost(authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'));
  if (!host.ok) return wrong('has a host that does not exist in this form', expected);
  if (url.port === '0') return wrong('has a port that does not exist', expected);
  return good(url);
}

/** The origin of a text that became a URL by a guess; undefined where the guess is none, or holds a password. */
function suggested(text: string): string | undefined {
  const url = URL.parse(text);
  return url === null || url.username !== '' || url.password !== '' ? undefined : url.origin;
}
