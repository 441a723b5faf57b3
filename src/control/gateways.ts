// Owns the knowledge of this machine's own default gateways: from behind one of them, every stranger looks like a neighbour.
import { readFile } from 'node:fs/promises';
import { normaliseAddress } from '../policy/networks.ts';

export type Gateways = { addresses: string[]; known: boolean };

/** Reads the kernel's routing tables. Where there are none to read (not Linux), `known` is false and the log says so. */
export async function defaultGateways(folder = '/proc/net'): Promise<Gateways> {
  const [v4, v6] = await Promise.all([
    readFile(`${folder}/route`, 'utf8').catch(() => null),
    readFile(`${folder}/ipv6_route`, 'utf8').catch(() => null),
  ]);
  const addresses = [...readRoutes4(v4 ?? ''), ...readRoutes6(v6 ?? '')];
  return { addresses: [...new Set(addresses)], known: v4 !== null || v6 !== null };
}

/** `/proc/net/route`: destination, gateway and mask as hexadecimal words in the machine's byte order (little-endian). */
export function readRoutes4(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, destination, gateway, , , , , mask]) =>
        destination === '00000000' && mask === '00000000' && gateway !== '00000000',
    )
    .map(([, , gateway = '']) =>
      (gateway.match(/../g) ?? [])
        .reverse()
        .map((byte) => Number.parseInt(byte, 16))
        .join('.'),
    )
    .filter((address) => normaliseAddress(address) !== '');
}

/** `/proc/net/ipv6_route`: destination, its prefix length, source, its length, next hop, all hexadecimal. */
export function readRoutes6(table: string): string[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([destination = '', length, , , hop = '']) =>
        /^0{32}$/.test(destination) && length === '00' && /[1-9a-f]/.test(hop),
    )
    .map(([, , , , hop = '']) => compress(hop));
}

function compress(hex: string): string {
  const groups = (hex.match(/.{4}/g) ?? []).join(':');
  // The one spelling that sockets report comes from the URL parser (RFC 5952).
  return URL.canParse(`http://[${groups}]/`) ? new URL(`http://[${groups}]/`).hostname.slice(1, -1) : '';
}
