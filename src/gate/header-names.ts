// Owns what the gate knows of a header by its name: worked out once for each spelling, since the same few come for ever.

export type HeaderName = {
  lower: string;
  /** `content-length` as `Content-Length`: the 4G modem's client, and firmware 1.8.0 to 1.8.3, compare case. */
  canonical: string;
  /** For this connection alone. */
  hopByHop: boolean;
  /** Whether it goes upstream as the client sent it. */
  forwarded: boolean;
};

// RFC 9110 section 7.6.1, and what older peers use for the same.
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

// What an upstream takes for our word: addresses under all the names that server libraries look for, other URLs, and
// `Proxy`, which becomes HTTP_PROXY in CGI-like servers.
const OURS =
  /^(x-forwarded(-.*)?|forwarded|x-real-ip|x-request-id|x-original-(url|forwarded-for)|x-rewrite-url|proxy|((wl-)?proxy-|true-|x-|x-cluster-|http-)?client-ip|cf-connecting-ip(v6)?|http-x-forwarded-for|remote-addr)$/;

// One request is one request: we answer Expect ourselves, and a device takes 100 for the final status.
const NOT_FORWARDED = new Set(['host', 'expect', 'content-length']);

// A client can invent names for ever: past these bounds they are worked out each time.
const MAX_KNOWN = 512;
const MAX_KNOWN_LENGTH = 64;
const known = new Map<string, HeaderName>();

export function headerName(name: string): HeaderName {
  const there = known.get(name);
  if (there !== undefined) return there;
  const made = readName(name);
  if (known.size < MAX_KNOWN && name.length <= MAX_KNOWN_LENGTH) known.set(name, made);
  return made;
}

function readName(name: string): HeaderName {
  const lower = name.toLowerCase();
  // Servers that map headers to variables cannot tell `_` from `-`.
  const read = lower.replaceAll('_', '-');
  return {
    lower,
    canonical: canonical(lower),
    hopByHop: HOP_BY_HOP.has(lower),
    forwarded: !NOT_FORWARDED.has(read) && !HOP_BY_HOP.has(read) && !OURS.test(read),
  };
}

function canonical(lower: string): string {
  if (lower === 'etag') return 'ETag';
  if (lower === 'www-authenticate') return 'WWW-Authenticate';
  return lower.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
