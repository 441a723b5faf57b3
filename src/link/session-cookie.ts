// Owns the name of the dashboard's session cookie: control gives it, and gates let no upstream see it.
export const SESSION_COOKIE = 'otagate_session';

/**
 * A Cookie header without the session, or null where nothing else is in it. A browser sends it to every port and path of
 * the host that gave it, so to the console of an upstream too.
 */
export function withoutSession(cookies: string): string | null {
  if (!cookies.includes(SESSION_COOKIE)) return cookies;
  const others = cookies.split(';').filter((pair) => (pair.split('=', 1)[0] ?? '').trim() !== SESSION_COOKIE);
  return others.join(';').trim() || null;
}
