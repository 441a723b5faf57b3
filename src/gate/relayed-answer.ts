// Owns what is made of an upstream's answer on its way to the client: headers, redirects, and bodies read whole.
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { GateError } from '../base/errors.ts';
import type { Passage } from '../policy/decide.ts';
import { pathFromUpstream } from '../policy/passing.ts';
import type { Exchange } from './exchange.ts';
import { canonicalName, endToEnd, type HeaderList, siteHost, upstreamHost } from './headers.ts';
import { withRouteHeaders } from './route-headers.ts';

// What is read whole to give a device a length: replies to activation and vision are far smaller.
export const MAX_LENGTHENED_BYTES = 1024 * 1024;

/** What stands behind the status, where it can stand there: Node reads more than it writes. */
export function reasonPhrase(upstream: IncomingMessage): string {
  const text = upstream.statusMessage ?? '';
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : (STATUS_CODES[upstream.statusCode ?? 0] ?? '');
}

/** The upstream's end-to-end headers in canonical spelling. */
export function responseHeaders(exchange: Exchange, passage: Passage, upstream: IncomingMessage): HeaderList {
  const headers = endToEnd(upstream.rawHeaders)
    .filter(([name]) => name.toLowerCase() !== 'x-request-id')
    .map(([name, value]): [string, string] => [
      canonicalName(name),
      name.toLowerCase() === 'location' ? ownLocation(exchange, passage, value) : value,
    ]);
  return withRouteHeaders(exchange, passage.route, headers);
}

/** A redirect that leads to the upstream's inner address, or to us by the wrong scheme, leads to us by the right one. */
function ownLocation(exchange: Exchange, passage: Passage, location: string): string {
  const { live, facts } = exchange;
  if (location.startsWith('/') && !location.startsWith('//')) return pathFromUpstream(passage.route, location);
  if (!URL.canParse(location)) return location;
  const url = new URL(location);
  const inner = (live.upstreams[passage.upstream] ?? []).some((origin) => new URL(origin).host === url.host);
  if (!inner && url.hostname !== passage.site && url.host !== upstreamHost(exchange, passage)) return location;
  return `${facts.scheme}://${siteHost(exchange, passage)}${pathFromUpstream(passage.route, url.pathname)}${url.search}${url.hash}`;
}

/** @throws {GateError} REPLY_TOO_LARGE; and IDLE_TIMEOUT after `idleMs` without a byte */
export async function readWhole(source: IncomingMessage, maxBytes: number, idleMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const idle = setTimeout(() => source.destroy(Object.assign(new Error('no byte'), { code: 'IDLE_TIMEOUT' })), idleMs);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      idle.refresh();
      bytes += chunk.length;
      if (bytes > maxBytes) {
        const message = `the upstream's reply has no length, or none that fits here, and more than ${maxBytes} bytes`;
        throw new GateError('REPLY_TOO_LARGE', message, { fault: 'upstream' });
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(idle);
  }
  return Buffer.concat(chunks);
}
