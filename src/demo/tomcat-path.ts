// Reads a request target as Tomcat does before it chooses a handler: this is what makes `..;` reach another route.

/**
 * The path that a handler is chosen by, or undefined where Tomcat answers 400.
 * In Tomcat's order (CoyoteAdapter.postParseRequest): path parameters go first, while everything is still encoded;
 * then percent signs are decoded; then doubled slashes and dot segments are resolved.
 */
export function tomcatPath(target: string): string | undefined {
  const path = withoutAuthority(target).replace(/[?#].*$/s, '');
  // `;` in its encoded form is none of Tomcat's parameters, and stays.
  const bare = path.replace(/;[^/]*/g, '');
  // An encoded slash, backslash or NUL is refused (encodedSolidusHandling and its like, as shipped).
  if (/%2f|%5c|%00|\\/i.test(bare)) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(bare);
  } catch {
    return undefined;
  }
  return decoded.startsWith('/') ? resolved(decoded.replace(/\/{2,}/g, '/')) : undefined;
}

/** The absolute form, `GET http://host/path`, is as good as the path (RFC 9112, section 3.2.2). */
function withoutAuthority(target: string): string {
  const match = /^https?:\/\/[^/?#]*(.*)$/is.exec(target);
  if (match === null) return target;
  const rest = match[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function resolved(path: string): string | undefined {
  const segments: string[] = [];
  const given = path.slice(1).split('/');
  for (const [place, segment] of given.entries()) {
    const last = place === given.length - 1;
    if (segment === '..') {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== '.') {
      segments.push(segment);
      continue;
    }
    // `/a/..` and `/a/.` end where a folder does.
    if (last) segments.push('');
  }
  return `/${segments.join('/')}`;
}
