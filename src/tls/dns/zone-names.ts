// Owns the arithmetic of names and zones: who is above whom, and what a name is called within its zone.

/** In lower case, without a trailing dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** The name and every name above it, longest first, down to `minLabels` labels. */
export function selfAndParents(name: string, minLabels: number): string[] {
  const labels = plainName(name).split('.');
  return labels.slice(0, Math.max(0, labels.length - minLabels + 1)).map((_, index) => labels.slice(index).join('.'));
}

/** True for the zone's own name and everything below it. */
export function isWithin(name: string, zone: string): boolean {
  const [inner, outer] = [plainName(name), plainName(zone)];
  return inner === outer || inner.endsWith(`.${outer}`) || outer === '';
}

/** The name as the zone's owner writes it: `_acme-challenge.ota` in example.com; `@` for the zone's own name. */
export function nameInZone(name: string, zone: string): string {
  const [inner, outer] = [plainName(name), plainName(zone)];
  return inner === outer ? '@' : inner.slice(0, -(outer.length + 1));
}
