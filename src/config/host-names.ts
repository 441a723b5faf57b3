// Owns host names: the domains of the gate, strict; the hosts of upstreams, where containers' names count as well.
import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';
import { readIp } from './networks.ts';
import { good, type Reading, unfit, wrong } from './reading.ts';

const DOMAIN_EXPECTED = 'a bare host name or an address, such as ota.example.com';
const WILDCARD_EXPECTED = '*. and a name, such as *.example.com';
const HOST_EXPECTED = 'the name or the address of the server, such as 192.168.1.5';
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A name of ours, lower case; IPv6 without brackets, in its short spelling; `*.` before a name covers one label. */
export function readDomain(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, DOMAIN_EXPECTED);
  if (!value.startsWith('*.')) return readHostName(value, DOMAIN_EXPECTED, false);
  const base = readHostName(value.slice(2), WILDCARD_EXPECTED, false);
  if (!base.ok) return base;
  if (readIp(base.value) !== undefined) return wrong('is a wildcard of an address', WILDCARD_EXPECTED);
  return good(`*.${base.value}`);
}

/** One name of ours, for which a route is. */
export function readRouteHost(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, DOMAIN_EXPECTED);
  return readHostName(value, DOMAIN_EXPECTED, false);
}

/** A name in the DNS of the world: no address, and a dot in it. */
export function readPublicName(value: unknown): Reading<string> {
  const name = readRouteHost(value);
  if (!name.ok || (name.value.includes('.') && readIp(name.value) === undefined)) return name;
  return wrong('is no public name', 'a name such as example.com');
}

export function isWildcard(domain: string): boolean {
  return domain.startsWith('*.');
}

/** Whether a domain is a name or, as a wildcard, takes it in: exactly one label in place of the star. */
export function covers(domain: string, name: string): boolean {
  return (
    domain === name || (isWildcard(domain) && name.includes('.') && domain.slice(1) === name.slice(name.indexOf('.')))
  );
}

/** The host of an upstream. An underscore is fine here: containers have such names, and nobody signs them. */
export function readUpstreamHost(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, HOST_EXPECTED);
  return readHostName(value, HOST_EXPECTED, true);
}

function readHostName(text: string, expected: string, underscore: boolean): Reading<string> {
  const lower = text.toLowerCase();
  const ip = readIp(lower);
  if (ip !== undefined) return good(ip instanceof ipaddr.IPv6 ? ip.toRFC5952String() : ip.toString());
  if (text === '') return wrong('is empty', expected);
  if (lower.includes('*')) return wrong('is a wildcard, which has no place here', expected);
  const bare = bareHost(lower, underscore);
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(lower)) return wrong('is a URL', expected, bare);
  if (lower.startsWith('[')) return wrong('has brackets', expected, bare);
  if (lower.includes('/')) return wrong('has a path', expected, bare);
  if (/:\d*$/.test(lower)) return wrong('has a port', expected, bare);
  if (lower.endsWith('.')) return wrong('ends in a dot', expected, bare);
  if (/[^\0-\x7f]/.test(lower)) {
    const ascii = domainToASCII(lower);
    return wrong('is not in ASCII', 'the form that DNS uses', isHostName(ascii, underscore) ? ascii : undefined);
  }
  if (lower.includes('_') && !underscore) {
    const dashed = lower.replaceAll('_', '-');
    const hint = isHostName(dashed, false) ? dashed : undefined;
    return wrong('has an underscore, for which no authority signs a certificate', expected, hint);
  }
  if (/^[\d.]+$/.test(lower)) return wrong('is not a whole IPv4 address', expected);
  return isHostName(lower, underscore) ? good(lower) : wrong('is not a host name', expected);
}

/** The host inside a URL, an `address:port` and the like, where there is one that could be used. */
function bareHost(text: string, underscore: boolean): string | undefined {
  const inside = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/[/?#].*$/, '')
    .replace(/^.*@/, '');
  const host = inside
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return readIp(host) !== undefined || isHostName(host, underscore) ? host : undefined;
}

function isHostName(text: string, underscore: boolean): boolean {
  if (text.length === 0 || text.length > 253) return false;
  const labels = (underscore ? text.replaceAll('_', 'x') : text).split('.');
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
