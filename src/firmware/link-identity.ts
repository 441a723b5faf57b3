// Owns what a firmware link is called in the cache: which links lead to the same bytes, and which stand alone.

/** What the reply promised behind a link: the version is the upstream's word, the board only what a device claimed. */
export type PromiseHint = { board: string | null; version: string | null };

export type LinkIdentity =
  /** Every request for this link asks for one thing, which the upstream may replace. */
  { kind: 'stable'; name: string } | OneTimeIdentity;

export type OneTimeIdentity =
  /** `name` is shared by all links of the same promise, `link` belongs to this one alone. */
  { kind: 'one-time'; name: string; link: string } | { kind: 'one-time-alone'; link: string };

// Java makes a new UUID for every check, good for three GETs within a day.
const ONE_TIME = /\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const MAX_HINT_LENGTH = 200;

/** Whether the path ends as Java's one-time links do: a UUID of version 4. */
export function isOneTimeLink(source: URL): boolean {
  return ONE_TIME.test(source.pathname);
}

/**
 * Names a link. Names of different kinds, and of different parts, never meet: each is a JSON array, its first member the
 * kind. A hint that is incomplete, or longer than 200 characters, counts as none.
 * @param upstream the upstream's name in the configuration: its origins hold the same files
 * @param ownUpstream whether `source` lies on one of that upstream's origins; a stranger's UUID promises nothing
 */
export function identify(source: URL, upstream: string, hint: PromiseHint | null, ownUpstream: boolean): LinkIdentity {
  // Not by `hash`, which is empty for a lone "#".
  if (!ownUpstream) return { kind: 'stable', name: JSON.stringify(['web', source.href.split('#', 1)[0]]) };
  const path = source.pathname + source.search;
  if (!isOneTimeLink(source)) return { kind: 'stable', name: JSON.stringify(['upstream', upstream, path]) };
  const link = JSON.stringify(['link', upstream, path]);
  const board = known(hint?.board);
  const version = known(hint?.version);
  if (board === null || version === null) return { kind: 'one-time-alone', link };
  const folder = source.pathname.slice(0, source.pathname.lastIndexOf('/') + 1);
  // Forks of the server choose between files by a query behind the UUID, so it is part of the name.
  return { kind: 'one-time', name: JSON.stringify(['promise', upstream, folder, source.search, board, version]), link };
}

/**
 * Whether a download says by its own file name (`<board>_<version>.bin`, Java's Content-Disposition) that it is what
 * was promised. An image is shared between devices under (board, version) only then: the board in a promise is only
 * what a device claimed, so a device that lies about its board could otherwise put another board's image under that
 * name, and every honest device would be given it.
 *
 * Exact and case-sensitive; the extension, letters only, does not count, so that `b_2.0.1` never confirms version 2.0.
 * @param fileName as sent, not cleaned: cleaning could make one board's name into another's
 */
export function confirmsPromise(fileName: string | null, hint: PromiseHint): boolean {
  const board = known(hint.board);
  const version = known(hint.version);
  if (fileName === null || board === null || version === null) return false;
  // "a_b_1" is board "a_b" with version "1" or board "a" with version "b_1"; no device could parse the latter.
  if (version.includes('_')) return false;
  // Java names every assets file "assets_1.0.0.bin", whatever is in it.
  if (board === 'assets') return false;
  const stem = `${board}_${version}`;
  return fileName.startsWith(stem) && /^(?:\.[A-Za-z]{1,8})?$/.test(fileName.slice(stem.length));
}

function known(hint: string | null | undefined): string | null {
  return hint === null || hint === undefined || hint === '' || hint.length > MAX_HINT_LENGTH ? null : hint;
}

/** Whether a name stands for one one-time link, which no other device has. */
export function standsAlone(name: string): boolean {
  return name.startsWith('["link",');
}

/**
 * Where a stable name leads: the upstream and the path there, or, with a null upstream, an absolute URL. Null for a name
 * of one-time links, which lead nowhere twice.
 */
export function placeOfName(name: string): { upstream: string | null; target: string } | null {
  const [kind, ...parts] = JSON.parse(name) as string[];
  if (kind === 'web' && parts[0] !== undefined) return { upstream: null, target: parts[0] };
  const [upstream, target] = parts;
  return kind === 'upstream' && upstream !== undefined && target !== undefined ? { upstream, target } : null;
}
