// Owns what counts as one network, where something is counted for the network that a client came from. Pure.

/**
 * The network that an outcome counts for, by its client's normalised address. One who has an IPv6 network has more
 * addresses than there are devices; what one customer gets is a /48 at the most.
 */
export function clientNetwork(client: string): string {
  if (client === '') return 'unknown';
  const [head = ''] = client.split('::', 1);
  if (!/^[23][0-9a-f]{3}(:|$)/i.test(head)) return client;
  const groups = head.split(':');
  return `${[0, 1, 2].map((at) => groups[at] ?? '0').join(':')}::/48`;
}
