// Owns the reading of a request target: one canonical path that is both decided on and forwarded.

/**
 * A path of ours: `path` is what we decide on and forward; `loose` is the same path as the most lenient upstream would
 * read it. A route is only taken where both name the same one.
 */
export type Target =
  | { kind: 'path'; path: string; loose: string; query: string; authority: string | null }
  | { kind: 'asterisk' }
  | { kind: 'invalid'; why: string };

const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;
const PERCENT = /%([0-9A-Fa-f]{2})?/g;

/**
 * Reads the target of a request line (RFC 9112 section 3.2): origin-form, or absolute-form whose authority then counts
 * instead of the Host header. Percent-encoded unreserved characters are decoded, other escapes put in upper case
 * (RFC 3986 section 6.2.2), empty segments and dot segments removed. Never throws.
 */
export function readTarget(raw: string): Target {
  if (raw === '*') return { kind: 'asterisk' };
  let rest = raw;
  let authority: string | null = null;
  const absolute = ABSOLUTE_FORM.exec(raw);
  if (absolute) {
    authority = absolute[1] ?? '';
    rest = raw.slice(absolute[0].length);
    if (!rest.startsWith('/')) rest = `/${rest}`;
  }
  if (!rest.startsWith('/')) return { kind: 'invalid', why: 'the target does not begin with "/"' };
  if (rest.includes('#')) return { kind: 'invalid', why: 'the target carries a fragment' };
  const mark = rest.indexOf('?');
  const rawPath = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? '' : rest.slice(mark);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL that an upstream in C takes for the end of the path
  if (/[\u0000-\u0020\u007f\\]/.test(rawPath) || /%(?:00|0[aAdD])/.test(rawPath)) {
    return { kind: 'invalid', why: 'the path holds a control character or a backslash' };
  }
  const escaped = canonicalEscapes(rawPath);
  if (escaped === null) return { kind: 'invalid', why: 'the path holds a "%" that is not an escape' };
  return { kind: 'path', path: resolveDots(escaped), loose: lenientReading(escaped), query, authority };
}

/** RFC 3986 section 6.2.2: escapes in one spelling; raw bytes above ASCII are escaped. Null where a `%` stands alone. */
function canonicalEscapes(path: string): string | null {
  let broken = false;
  const decoded = path.replace(PERCENT, (escape, hex: string | undefined) => {
    if (hex === undefined) {
      broken = true;
      return escape;
    }
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
  if (broken) return null;
  // Node hands header bytes on as Latin-1, one character for each byte.
  return decoded.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * How the most lenient of the servers behind us would read the path: `%2F` and `%5C` as slashes, a second round of
 * unescaping, and each segment without its `;parameters`, which Tomcat strips before it looks for a handler.
 */
function lenientReading(escaped: string): string {
  let path = escaped;
  for (let round = 0; round < 2; round += 1) {
    path = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  path = path.replaceAll('\\', '/');
  return resolveDots(
    path
      .split('/')
      .map((segment) => segment.split(';', 1)[0] ?? '')
      .join('/'),
  );
}

/** RFC 3986 section 5.2.4, with empty segments left out; the result begins with `/` and keeps a trailing one. */
function resolveDots(path: string): string {
  if (!path.includes('//') && !path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  const last = segments.at(-1);
  const folder = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${kept.join('/')}${folder ? '/' : ''}`;
}
