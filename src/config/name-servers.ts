// Owns the DNS servers of the file: one that takes updates, and resolvers that are asked.
import ipaddr from 'ipaddr.js';
import { readUpstreamHost } from './host-names.ts';
import { readIp } from './networks.ts';
import { good, oneOrMore, type Reading, unfit, wrong } from './reading.ts';

const DNS_PORT = 53;
const SERVER_EXPECTED =
  'an address or a name, with a port where it is not 53, such as 192.0.2.53 or ns1.example.com:5353';
const RESOLVER_EXPECTED = 'an address, with a port where it is not 53, such as 1.1.1.1 or "[2606:4700:4700::1111]:53"';

export type NameServer = { server: string; port: number };

/** A name server by address or name. IPv6 may do without brackets where no port follows. */
export function readNameServer(value: unknown): Reading<NameServer> {
  if (typeof value !== 'string') return unfit(value, SERVER_EXPECTED);
  const { host, port } = split(value);
  const name = readUpstreamHost(host);
  if (!name.ok) return wrong('is neither an address nor a name', SERVER_EXPECTED);
  if (!isPort(port)) return wrong('has a port that does not exist', 'a port from 1 to 65535');
  return good({ server: name.value, port: Number(port) });
}

/** Addresses of resolvers, each with `:port` where that is not 53. */
export const readResolvers = oneOrMore(readResolver, 10);

function readResolver(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, RESOLVER_EXPECTED);
  const { host, port } = split(value);
  const ip = readIp(host);
  if (ip === undefined) return wrong('is not the address of a resolver', RESOLVER_EXPECTED);
  if (!isPort(port)) return wrong('has a port that does not exist', 'a port from 1 to 65535');
  const server = ip instanceof ipaddr.IPv6 ? ip.toRFC5952String() : ip.toString();
  return good(Number(port) === DNS_PORT ? server : writeNameServer({ server, port: Number(port) }));
}

function split(text: string): { host: string; port: string } {
  if (readIp(text) !== undefined) return { host: text, port: String(DNS_PORT) };
  const [, bracketed, bare, port = String(DNS_PORT)] = /^(?:\[([^\]]*)\]|([^[\]]*?))(?::(\d+))?$/.exec(text) ?? [];
  return { host: bracketed ?? bare ?? '', port };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** A name server as `readNameServer` reads it. */
export function writeNameServer({ server, port }: NameServer): string {
  return server.includes(':') ? `[${server}]:${port}` : `${server}:${port}`;
}
