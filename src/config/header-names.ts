// Owns the names of header fields that a route may set or remove: those that the gate itself has to say are not among them.
import { good, type Reading, wrong } from './reading.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const NAME_EXPECTED = 'the name of a header field, such as X-Frame-Options';

/** RFC 9110 section 7.6.1, and what frames a message. */
const OF_THE_CONNECTION =
  /^(connection|keep-alive|proxy-(connection|authenticate|authorization)|te|trailer|transfer-encoding|upgrade|http2-settings|content-length)$/;
/** What an upstream takes for the gate's word about the client. */
const OF_THE_CLIENT =
  /^(x-forwarded(-.*)?|forwarded|x-real-ip|x-request-id|x-original-(url|forwarded-for)|x-rewrite-url|proxy|((wl-)?proxy-|true-|x-|x-cluster-|http-)?client-ip|cf-connecting-ip(v6)?|remote-addr|host|expect)$/;
const OF_THE_ANSWER = /^(x-request-id|content-encoding|content-range|accept-ranges|date|www-authenticate|location)$/;

export type HeaderWay = 'to-upstream' | 'to-client';

/** A name that may be set or removed on this way, in lower case. */
export function readHeaderName(text: unknown, way: HeaderWay): Reading<string> {
  if (typeof text !== 'string' || !TOKEN.test(text)) return wrong('is not the name of a header field', NAME_EXPECTED);
  // Servers that map headers to variables cannot tell `_` from `-`.
  const name = text.toLowerCase();
  const read = name.replaceAll('_', '-');
  if (OF_THE_CONNECTION.test(read)) return wrong('belongs to the connection, and is the gate’s to say', 'another name');
  if (way === 'to-upstream' && OF_THE_CLIENT.test(read)) {
    return wrong('is the gate’s own word to the upstream, which believes it', 'another name');
  }
  if (way === 'to-client' && OF_THE_ANSWER.test(read)) return wrong('is the gate’s to say', 'another name');
  if (way === 'to-client' && read === 'strict-transport-security') return wrong('has a key of its own', 'hsts: 180d');
  return good(name);
}

/** A value in visible ASCII. A variable such as `$host` would be sent as it stands, which nobody means. */
export function readHeaderValue(value: unknown): Reading<string> {
  const expected = 'text in ASCII, 4000 characters at most';
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string') return wrong('is not text', expected);
  if (!/^[\x20-\x7e]{0,4000}$/.test(text) || text.trim() !== text) return wrong('cannot stand in a header', expected);
  if (/\$[a-z_{]/i.test(text)) return wrong('holds a variable, and there are none here', 'the text itself');
  return good(text);
}
