// Owns the reading of a request target: one canonical path that is both decided on and forwarded.

/**
 * A path of ours: `path` is what we decide on and forward; `loose` are the other ways in which a server behind us could
 * read it. A route is only taken where all of them name the same one.
 */
export type Target =
  | { kind: 'path'; path: string; loose: readonly string[]; query: string; authority: string | null }
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
  // Such bytes must reach neither a request line nor a Location.
  if (/[\u0000-\u0020\u007f]/.test(query)) return { kind: 'invalid', why: 'the query holds a control character' };
  // A NUL is the end of the path to a server in C, also to one that unescapes twice.
  if (/[\u0000-\u0020\u007f\\]/.test(rawPath) || /%(?:25)*(?:00|0[ad])/i.test(rawPath)) {
    return { kind: 'invalid', why: 'the path holds a control character or a backslash' };
  }
  const escaped = canonicalEscapes(rawPath);
  if (escaped === null) return { kind: 'invalid', why: 'the path holds a "%" that is not an escape' };
  const path = resolveDots(escaped);
  return { kind: 'path', path, loose: lenientReadings(path), query, authority };
}

/** RFC 3986 section 6.2.2: escapes in one spelling; raw bytes above ASCII are escaped. Null where a `%` stands alone. */
function canonicalEscapes(path: string): string | null {
  let broken = false;
  const decoded = path.replace(PERCENT, (triplet, hex: string | undefined) => {
    if (hex === undefined) {
      broken = true;
      return triplet;
    }
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : triplet.toUpperCase();
  });
  if (broken) return null;
  // Node hands header bytes on as Latin-1, one character for each byte.
  return decoded.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * How servers behind us could read the path that we forward: unescaped up to twice, `%2F` and `%5C` as slashes or not,
 * each segment with its `;parameters` or without. The order matters, so every order is tried: Tomcat strips parameters
 * before it unescapes, and an escaped slash inside them is then no slash.
 */
function lenientReadings(path: string): string[] {
  if (!/[%;]/.test(path)) return [];
  const readings = new Set<string>();
  let texts = [path];
  for (let round = 0; round <= 2; round += 1) {
    const slashed = texts.flatMap((text) => [text, text.replaceAll('\\', '/')]);
    const variants = new Set(slashed.flatMap((text) => [text, text.replace(/;[^/]*/g, '')]));
    for (const variant of variants) readings.add(resolveDots(variant));
    texts = [...variants].map(unescapeOnce);
  }
  readings.delete(path);
  return [...readings];
}

function unescapeOnce(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
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
