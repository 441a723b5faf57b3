// Owns the question whether a browser's request came from our own page, as far as its headers tell.

export type RequestOrigin = {
  /** What the browser says of the page: absent in older ones, and on plain HTTP other than to localhost. */
  fetchSite: string | undefined;
  origin: string | undefined;
  /** The name and port by which the browser reached us. */
  host: string | undefined;
  schemes: readonly ('http' | 'https')[];
};

/**
 * False for a request that another site's page made, or that hides where it is from (`Origin: null`). Without either
 * header nothing is known: the session's own token decides then. Another name of the same site counts as foreign.
 */
export function isSameOrigin({ fetchSite, origin, host, schemes }: RequestOrigin): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return false;
  if (origin === undefined) return true;
  return schemes.some((scheme) => {
    const own = URL.parse(`${scheme}://${host ?? ''}`);
    return own !== null && own.origin === URL.parse(origin)?.origin;
  });
}
