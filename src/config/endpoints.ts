// Owns endpoints: where to listen, as written (`80`, `127.0.0.1:80`, `[::]:80`, a list, `none`) and as address and port.
import ipaddr from 'ipaddr.js';
import type { Endpoint } from './config.ts';
import { readIp } from './networks.ts';
import { good, oneOrMore, type Reading, unfit, wrong } from './reading.ts';

const EXPECTED = 'a port, "address:port", a list of these, or none, such as 443 or "[::]:443"';
const MAX_ENDPOINTS = 16;

/** Where the gate listens when the file does not say. */
export const STANDARD_LISTEN = { http: '[::]:80', https: '[::]:443', admin: 'none' } as const;

const many = oneOrMore((value) => readEndpoint(value), MAX_ENDPOINTS);
const manyOfAdmin = oneOrMore((value) => readEndpoint(value, '127.0.0.1'), MAX_ENDPOINTS);

/** Where to listen; empty for `none` and for an empty list. */
export function readEndpoints(value: unknown): Reading<Endpoint[]> {
  return value === 'none' ? good([]) : many(value);
}

/** Where the admin interface is listened on: a bare port means this machine alone, since what goes there is plain HTTP. */
export function readAdminEndpoints(value: unknown): Reading<Endpoint[]> {
  return value === 'none' ? good([]) : manyOfAdmin(value);
}

/** One endpoint. A bare port means `bareHost`: every address of the machine, IPv4 as well, unless it says otherwise. */
export function readEndpoint(value: unknown, bareHost = '::'): Reading<Endpoint> {
  if (typeof value === 'number') return withPort(bareHost, String(value));
  if (typeof value !== 'string') return unfit(value, EXPECTED);
  if (/^\d+$/.test(value)) return withPort(bareHost, value);
  const split = /^(.*):(\d+)$/.exec(value);
  if (!split) {
    const address = readIp(value.replace(/^\[(.*)\]$/, '$1'));
    return wrong(address === undefined ? 'is not an address and a port' : 'has no port', EXPECTED);
  }
  const [, host = '', port = ''] = split;
  if (host === '' || host === '*')
    return wrong('has no address', EXPECTED, `${bareHost === '::' ? '[::]' : bareHost}:${port}`);
  if (host === 'localhost') return wrong('has a name in place of an address', EXPECTED, `127.0.0.1:${port}`);
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1];
  const ip = readIp(bracketed ?? host);
  if (ip === undefined) return wrong('has no address that can be listened on', EXPECTED);
  if (ip instanceof ipaddr.IPv6) {
    const address = ip.toRFC5952String();
    if (bracketed === undefined) return wrong('is IPv6 without brackets', EXPECTED, `[${address}]:${port}`);
    return withPort(address, port);
  }
  if (bracketed !== undefined) return wrong('has brackets around IPv4', EXPECTED, `${bracketed}:${port}`);
  return withPort(ip.toString(), port);
}

function withPort(host: string, port: string): Reading<Endpoint> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return wrong('has a port that does not exist', 'a port from 0 to 65535 (0: any free one)');
  }
  return good({ host, port: Number(port) });
}

/** Whether only programs of this machine can reach it. */
export function isLoopback({ host }: Endpoint): boolean {
  return readIp(host)?.range() === 'loopback';
}

/** Whether the two cannot both be listened on: `::` takes every address of the machine, `0.0.0.0` every IPv4 one. */
export function endpointsCollide(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const covers = (wide: string, host: string): boolean =>
    wide === host || wide === '::' || (wide === '0.0.0.0' && !host.includes(':'));
  return covers(a.host, b.host) || covers(b.host, a.host);
}

/** An endpoint as `readEndpoint` reads it. */
export function writeEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
