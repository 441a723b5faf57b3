// Owns how networks are written in the file: an address, CIDR notation, or the word `private`.
import ipaddr from 'ipaddr.js';
import { good, oneOrMore, type Reading, unfit, wrong } from './reading.ts';

const EXPECTED = 'an address or a network in CIDR notation, such as 192.168.1.0/24 or fd00::/8';
const LAN_EXPECTED = 'private, or addresses and networks in CIDR notation, such as 192.168.1.0/24';
const MAX_NETWORKS = 1000;

/** Addresses and networks: from one, or from a list. IPv6 in its short spelling (RFC 5952). */
export const readNetworks = oneOrMore(readNetwork, MAX_NETWORKS);

/** The same, with the word `private` among them. */
export const readLan = oneOrMore(
  (value) => (value === 'private' ? good('private') : readNetwork(value, LAN_EXPECTED)),
  MAX_NETWORKS,
);

/** Whether it takes in every address of its family. */
export function isEverywhere(network: string): boolean {
  return network.endsWith('/0');
}

/** A single address as the network that holds nothing else. */
export function asCidr(network: string): string {
  if (network.includes('/')) return network;
  return network.includes(':') ? `${network}/128` : `${network}/32`;
}

/** One address or network. */
export function readNetwork(value: unknown, expected = EXPECTED): Reading<string> {
  if (typeof value !== 'string') return unfit(value, expected);
  const [address = '', prefix, ...rest] = value.split('/');
  const ip = readIp(address);
  if (ip === undefined || rest.length > 0) {
    const any = ['*', 'any', 'all', 'everywhere'].includes(value) ? '0.0.0.0/0' : undefined;
    return wrong('is neither an address nor a network', expected, any);
  }
  if (ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress()) {
    const bits = Number(prefix ?? 128) - 96;
    const v4 = ip.toIPv4Address().toString();
    const suggestion = bits === 32 ? v4 : bits >= 0 && bits < 32 ? `${v4}/${bits}` : undefined;
    return wrong('is IPv4 written as IPv6', 'the IPv4 form, which covers both', suggestion);
  }
  const spelled = ip instanceof ipaddr.IPv6 ? ip.toRFC5952String() : ip.toString();
  if (prefix === undefined) return good(spelled);
  const widest = ip instanceof ipaddr.IPv6 ? 128 : 32;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > widest) {
    const mask = ipaddr.IPv4.isValidFourPartDecimal(prefix)
      ? ipaddr.IPv4.parse(prefix).prefixLengthFromSubnetMask()
      : null;
    const suggestion = mask === null || widest === 128 ? undefined : `${spelled}/${mask}`;
    return wrong('has a prefix that does not exist', `a prefix length from 0 to ${widest}`, suggestion);
  }
  const cidr = `${spelled}/${Number(prefix)}`;
  const base = widest === 128 ? ipaddr.IPv6.networkAddressFromCIDR(cidr) : ipaddr.IPv4.networkAddressFromCIDR(cidr);
  const network = `${base instanceof ipaddr.IPv6 ? base.toRFC5952String() : base.toString()}/${Number(prefix)}`;
  if (network !== cidr) return wrong('has bits set behind its prefix', 'the first address of the network', network);
  return good(cidr);
}

/** An address in its usual form: neither `010.1.1.1`, nor `10.1`, nor one with a zone. Undefined for anything else. */
export function readIp(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes('%') && text.includes(':') && ipaddr.IPv6.isValid(text)) return ipaddr.IPv6.parse(text);
  return undefined;
}
