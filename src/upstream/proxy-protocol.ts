// Owns the PROXY protocol's form, versions 1 and 2: a header before a connection's first byte that says who the client
// is (HAProxy's proxy-protocol.txt). Pure: bytes in, meaning out, and the other way round.
import { isIP } from 'node:net';
import { normaliseAddress } from '../policy/networks.ts';

export type Ends = { source: End; destination: End };
/** `address` is normalised. */
export type End = { address: string; port: number };

export type ProxyHeader =
  /** As far as it came, it can become a header. */
  | { kind: 'incomplete' }
  | { kind: 'invalid'; because: string }
  /** The proxy speaks for itself: a look whether we are there. `length` is that of the header. */
  | { kind: 'local'; length: number }
  /** For a client whose address has no form here: UNKNOWN, a Unix socket, UDP. */
  | { kind: 'unknown'; length: number }
  | ({ kind: 'proxied'; length: number } & Ends);

const V1_START = Buffer.from('PROXY ');
// The longest that the document allows: two IPv6 addresses, two ports.
const V1_MAX_BYTES = 107;
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED_BYTES = 16;
// Addresses take 216 bytes at most; the rest is for extensions (TLVs), of which a client certificate is the largest.
const V2_MAX_BYTES = 4096;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const FAMILIES = new Set([0x00, TCP_OVER_IPV4, 0x12, TCP_OVER_IPV6, 0x22, 0x31, 0x32]);

/** The most bytes that are looked at before there is an answer. */
export const MAX_PROXY_HEADER_BYTES = V2_FIXED_BYTES + V2_MAX_BYTES;

/** Reads a header at the beginning of what has come so far. What follows it is not looked at. Never throws. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (begins(bytes, V2_START)) return bytes.length < V2_FIXED_BYTES ? { kind: 'incomplete' } : readV2(bytes);
  if (begins(bytes, V1_START)) return readV1(bytes);
  return { kind: 'invalid', because: 'it does not begin with a PROXY header' };
}

/** Whether as much as has come of either is the same. */
function begins(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function readV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_MAX_BYTES).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= V1_MAX_BYTES) return { kind: 'invalid', because: 'its line has no end within 107 bytes' };
    return { kind: 'incomplete' };
  }
  const length = end + 2;
  const line = bytes.subarray(0, end).toString('latin1');
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'unknown', length };
  const [, family, from = '', to = '', fromPort = '', toPort = '', ...more] = line.split(' ');
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  if (version === 0 || more.length > 0) return { kind: 'invalid', because: 'its line has another form' };
  // A zone would be one of the proxy's own links.
  const fits = (address: string): boolean => isIP(address) === version && !address.includes('%');
  if (!fits(from) || !fits(to)) return { kind: 'invalid', because: 'an address in it is none' };
  const ports = [fromPort, toPort].map((text) => (/^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN));
  const [sourcePort = Number.NaN, destinationPort = Number.NaN] = ports;
  if (!(sourcePort <= 65_535 && destinationPort <= 65_535)) return { kind: 'invalid', because: 'a port in it is none' };
  return {
    kind: 'proxied',
    length,
    source: { address: normaliseAddress(from), port: sourcePort },
    destination: { address: normaliseAddress(to), port: destinationPort },
  };
}

function readV2(bytes: Buffer): ProxyHeader {
  const [versionAndCommand = 0, family = 0] = bytes.subarray(12, 14);
  if (versionAndCommand >> 4 !== 2) return { kind: 'invalid', because: 'its version is not 2' };
  const command = versionAndCommand & 0xf;
  if (command > 1) return { kind: 'invalid', because: 'its command is neither LOCAL nor PROXY' };
  if (command === 1 && !FAMILIES.has(family)) return { kind: 'invalid', because: 'its address family is none' };
  const rest = bytes.readUInt16BE(14);
  if (rest > V2_MAX_BYTES) return { kind: 'invalid', because: `it has more than ${V2_MAX_BYTES} bytes` };
  const length = V2_FIXED_BYTES + rest;
  const addressBytes = family === TCP_OVER_IPV4 ? 4 : family === TCP_OVER_IPV6 ? 16 : 0;
  if (command === 1 && rest < (addressBytes === 0 ? 0 : 2 * addressBytes + 4))
    return { kind: 'invalid', because: 'it is too short for its addresses' };
  if (bytes.length < length) return { kind: 'incomplete' };
  if (command === 0) return { kind: 'local', length };
  if (addressBytes === 0) return { kind: 'unknown', length };
  const address = (at: number): string => spell(bytes.subarray(at, at + addressBytes));
  const ports = V2_FIXED_BYTES + 2 * addressBytes;
  return {
    kind: 'proxied',
    length,
    source: { address: address(V2_FIXED_BYTES), port: bytes.readUInt16BE(ports) },
    destination: { address: address(V2_FIXED_BYTES + addressBytes), port: bytes.readUInt16BE(ports + 2) },
  };
}

function spell(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return normaliseAddress(words.join(':'));
}

/** The header that tells a server of a client; null where the gate speaks for itself, or knows no address. */
export function writeProxyHeader(version: 'v1' | 'v2', ends: Ends | null): Buffer {
  const families = ends === null ? [] : [isIP(ends.source.address), isIP(ends.destination.address)];
  if (ends === null || families.includes(0)) {
    // A v1 header has no word for speaking for oneself.
    return version === 'v1'
      ? Buffer.from('PROXY UNKNOWN\r\n')
      : Buffer.concat([V2_START, Buffer.from([0x20, 0x00, 0, 0])]);
  }
  const family = families.includes(6) ? 6 : 4;
  const { source, destination } = ends;
  if (version === 'v1') {
    const [from, to] = [source, destination].map(({ address }) => inFamily(address, family));
    return Buffer.from(`PROXY TCP${family} ${from} ${to} ${source.port} ${destination.port}\r\n`);
  }
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source.port, 0);
  ports.writeUInt16BE(destination.port, 2);
  const body = Buffer.concat([bytesOf(source.address, family), bytesOf(destination.address, family), ports]);
  const fixed = Buffer.from([0x21, family === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6, 0, body.length]);
  return Buffer.concat([V2_START, fixed, body]);
}

/** One header has addresses of one family. */
function inFamily(address: string, family: 4 | 6): string {
  return family === 6 && isIP(address) === 4 ? `::ffff:${address}` : address;
}

function bytesOf(address: string, family: 4 | 6): Buffer {
  if (isIP(address) === 4) {
    const four = Buffer.from(address.split('.').map(Number));
    return family === 4 ? four : Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), four]);
  }
  const [head = '', tail] = address.split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const [front, back] = [words(head), tail === undefined ? [] : words(tail)];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  const bytes = Buffer.alloc(16);
  for (const [index, word] of all.entries()) bytes.writeUInt16BE(word, index * 2);
  return bytes;
}
