// Owns forwarded headers both ways: what a trusted proxy says of the client, and what we say of it to the upstream.
import type { IncomingHttpHeaders } from 'node:http';
import type { Facts, Scheme } from '../policy/facts.ts';
import { type AddressTest, normaliseAddress } from '../policy/networks.ts';

export type ForwardedFrom = Pick<Facts, 'client' | 'clientFrom' | 'scheme'>;

export type ProxyHeader = 'x-forwarded-for' | 'forwarded' | 'x-real-ip';

type Hop = { address: string; scheme: Scheme | null };

/**
 * The client as a trusted peer names it: the rightmost hop that is not itself a trusted proxy. What stands further left
 * was sent by the client and says nothing. A proxy that names nobody, or something that is no address, leaves the client
 * unknown, which is never LAN: else one forgotten header would make every stranger a neighbour.
 */
export function readForwarded(
  headers: IncomingHttpHeaders,
  header: ProxyHeader,
  isTrusted: AddressTest,
  socketScheme: Scheme,
): ForwardedFrom {
  const text = headers[header];
  const hops = typeof text === 'string' ? readHops(text, header) : [];
  const proto = headers['x-forwarded-proto'];
  const claimed = typeof proto === 'string' ? scheme(proto.split(',').at(-1)) : null;
  let hop = hops.pop();
  while (hop !== undefined && isTrusted(hop.address) && hops.length > 0) hop = hops.pop();
  const heard = header === 'forwarded' ? (hop?.scheme ?? null) : claimed;
  return {
    client: hop?.address ?? '',
    clientFrom: hop === undefined || hop.address === '' ? 'unknown' : 'forwarded',
    scheme: heard ?? socketScheme,
  };
}

function readHops(text: string, header: ProxyHeader): Hop[] {
  const elements = text.slice(-4096).split(',');
  if (header !== 'forwarded') return elements.map((element) => ({ address: hopAddress(element), scheme: null }));
  return elements.map((element) => {
    const pairs = new Map(
      element.split(';').map((pair) => {
        const equals = pair.indexOf('=');
        return [
          pair.slice(0, equals).trim().toLowerCase(),
          pair
            .slice(equals + 1)
            .trim()
            .replace(/^"(.*)"$/, '$1'),
        ];
      }),
    );
    return { address: hopAddress(pairs.get('for') ?? ''), scheme: scheme(pairs.get('proto')) };
  });
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711` (RFC 7239 section 6). */
function hopAddress(text: string): string {
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1];
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1];
  return normaliseAddress(bracketed ?? withPort ?? trimmed);
}

function scheme(text: string | undefined): Scheme | null {
  const word = text?.trim().toLowerCase();
  return word === 'http' || word === 'https' ? word : null;
}

/** The forwarded headers that go upstream: ours alone, since the upstream believes them. Names in lower case. */
export function forwardedHeaders(facts: Facts, hostHeader: string, requestId: string): [string, string][] {
  const client = facts.client === '' ? 'unknown' : facts.client;
  const node = client.includes(':') ? `"[${client}]"` : client;
  return [
    ['x-request-id', requestId],
    ['x-forwarded-for', client],
    ['x-real-ip', client],
    ['x-forwarded-proto', facts.scheme],
    ['x-forwarded-host', hostHeader],
    ['forwarded', `for=${node};proto=${facts.scheme};host="${hostHeader}"`],
  ];
}
