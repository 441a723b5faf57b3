// Owns addresses and networks: one spelling for an address, and sets of networks compiled into a test.
import { BlockList, isIP } from 'node:net';
import { printable } from '../base/printable.ts';

/** RFC 1918, link-local, and unique local addresses. Loopback is left out on purpose: see `lanTest`. */
export const PRIVATE_NETWORKS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
];

const MAX_REMEMBERED = 1024;
const LOOPBACK = compileNetworks(['127.0.0.0/8', '::1/128']);

export type AddressTest = (address: string) => boolean;

/**
 * An address in the one spelling that the rest of the gate compares: IPv4-mapped IPv6 as IPv4 (dual-stack sockets
 * report `::ffff:192.168.1.2`), no zone, IPv6 as RFC 5952 writes it. An empty string where the text is not an address.
 */
export function normaliseAddress(text: string | undefined): string {
  if (!text) return '';
  if (isIP(text) === 4) return text;
  // As dual-stack sockets report every client by IPv4: the long way is not theirs.
  if (text.startsWith('::ffff:') && isIP(text.slice(7)) === 4) return text.slice(7);
  const bare = text.split('%', 1)[0] ?? '';
  if (isIP(bare) !== 6) return '';
  // A proxy may spell an address as it likes; the URL parser knows the one form.
  const short = URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1) ?? '';
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const words = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}

/**
 * Networks in CIDR notation, or single addresses, as one test for normalised addresses.
 * @throws {TypeError} for an entry that is neither; the configuration is checked before it gets here.
 */
export function compileNetworks(networks: readonly string[]): AddressTest {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const normal = normaliseAddress(address);
    if (normal === '') throw new TypeError(`not a network: ${printable(network)}`);
    const family = isIP(normal) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(normal, family);
    else list.addSubnet(normal, Number(prefix), family);
  }
  return remembered((address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  });
}

/** The same clients come again and again; past `MAX_REMEMBERED` addresses, all are forgotten. */
function remembered(test: AddressTest): AddressTest {
  const known = new Map<string, boolean>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const answer = test(address);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(address, answer);
    return answer;
  };
}

/**
 * Who counts as LAN. Loopback and the machine's own default gateways do not, unless they are listed by hand: behind
 * Docker's user-land proxy, or a tunnel client on the same machine, every stranger arrives from one of these. By hand
 * means by its own address, since a network that happens to hold the gateway was not written with it in mind.
 */
export function lanTest(lan: readonly string[], gateways: readonly string[]): AddressTest {
  const networks = lan.flatMap((entry) => (entry === 'private' ? PRIVATE_NETWORKS : [entry]));
  const inLan = compileNetworks(networks);
  const byHand = new Set(
    lan.map((entry) => normaliseAddress(entry.replace(entry.includes(':') ? /\/128$/ : /\/32$/, ''))),
  );
  const shadowed = new Set(gateways.filter((gateway) => !byHand.has(gateway)));
  const loopbackByHand = lan.some((entry) => entry !== 'private' && LOOPBACK(normaliseAddress(entry.split('/', 1)[0])));
  return (address) => inLan(address) && !shadowed.has(address) && (loopbackByHand || !LOOPBACK(address));
}

/** Whether the address is one of the machine's own loopback addresses. */
export function isLoopback(address: string): boolean {
  return LOOPBACK(address);
}
