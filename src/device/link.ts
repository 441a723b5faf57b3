// Owns how the firmware takes an address apart: by plain text search, so that much of RFC 3986 does not work.

import type { Generation } from './generation.ts';

export type Link = { secure: boolean; host: string; port: number; path: string };
export type ParsedLink = { link: 'good'; at: Link } | { link: 'bad'; because: string };

/** The request line has to fit the transmit buffer of ESP-IDF's client, ending zero included (DEFAULT_HTTP_BUF_SIZE). */
const LEGACY_REQUEST_LINE_BYTES = 512;

/**
 * An http(s) address as the firmware reads it. The host ends at the first `/` after `://`, or at a `:` before that.
 * So a link with user:password, an IPv6 literal, or a `?` before any `/` is bad.
 */
export function parseLink(url: string, method: string, generation: Generation): ParsedLink {
  const schemeEnd = url.indexOf('://');
  if (schemeEnd < 0) return bad(`no scheme in "${url}"`);
  const scheme = url.slice(0, schemeEnd).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return bad(`scheme "${scheme}" is neither http nor https`);
  const rest = url.slice(schemeEnd + 3);
  const pathStart = rest.indexOf('/');
  const authority = pathStart < 0 ? rest : rest.slice(0, pathStart);
  const path = pathStart < 0 ? '/' : rest.slice(pathStart);
  const secure = scheme === 'https';
  const parts = splitAuthority(authority, secure ? 443 : 80);
  if (parts.authority === 'bad') return bad(parts.because);
  if (generation === 'legacy' && Buffer.byteLength(`${method} ${path} HTTP/1.1\r\n`) >= LEGACY_REQUEST_LINE_BYTES) {
    return bad(`path and query do not fit a request line of ${LEGACY_REQUEST_LINE_BYTES} bytes`);
  }
  return { link: 'good', at: { secure, host: parts.host, port: parts.port, path } };
}

/**
 * A ws(s) address as the firmware's WebSocket reads it (web_socket.cc): the port starts at the first colon
 * *anywhere* after the scheme, so a colon in path or query spoils a link without a port.
 */
export function parseVoiceLink(url: string): ParsedLink {
  const schemeEnd = url.indexOf('://');
  if (schemeEnd < 0) return bad(`no scheme in "${url}"`);
  const scheme = url.slice(0, schemeEnd);
  const secure = scheme === 'wss' || scheme === 'https';
  const rest = url.slice(schemeEnd + 3);
  const hostEnd = rest.indexOf(':') >= 0 ? rest.indexOf(':') : rest.indexOf('/');
  const host = hostEnd < 0 ? rest : rest.slice(0, hostEnd);
  const afterHost = hostEnd < 0 ? '' : rest.slice(hostEnd);
  const pathStart = afterHost.indexOf('/');
  const path = pathStart < 0 ? '/' : afterHost.slice(pathStart);
  const authority = `${host}${pathStart < 0 ? afterHost : afterHost.slice(0, pathStart)}`;
  const parts = splitAuthority(authority, secure ? 443 : 80);
  if (parts.authority === 'bad') return bad(parts.because);
  return { link: 'good', at: { secure, host: parts.host, port: parts.port, path } };
}

type Authority = { authority: 'good'; host: string; port: number } | { authority: 'bad'; because: string };

function splitAuthority(authority: string, defaultPort: number): Authority {
  const colon = authority.indexOf(':');
  const host = colon < 0 ? authority : authority.slice(0, colon);
  const portText = colon < 0 ? String(defaultPort) : authority.slice(colon + 1);
  const port = Number(portText);
  if (!/^[0-9]+$/.test(portText) || port < 1 || port > 65535) {
    return { authority: 'bad', because: `port "${portText}" is not a number from 1 to 65535` };
  }
  // What follows goes to the resolver as a name in the firmware, and fails there.
  if (!/^[A-Za-z0-9._-]+$/.test(host)) return { authority: 'bad', because: `"${host}" is not a host name` };
  return { authority: 'good', host, port };
}

function bad(because: string): ParsedLink {
  return { link: 'bad', because };
}
