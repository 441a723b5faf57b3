// Owns streams in the file: TLS in front of plain TCP, such as MQTT on 8883, and the way to Config and back.
import { z } from 'zod';
import type { HostPort, StreamConfig } from './config.ts';
import { readEndpoint, writeEndpoint } from './endpoints.ts';
import { readUpstreamHost } from './host-names.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { asCidr, readNetworks } from './networks.ts';
import { good, oneOrMore, type Reading, readInteger, unfit, wrong } from './reading.ts';
import { between, readDuration, writeDuration } from './units.ts';

const TARGET_EXPECTED = 'host:port, such as 192.168.1.5:1883';
const MAX_TARGETS = 16;
const DAY_MS = 86_400_000;

const TEXT_OR_LIST = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };

/** The versions of the PROXY protocol, in which a server behind the gate can be told who the client is. */
export const PROXY_VERSIONS = ['none', 'v1', 'v2'] as const;

export const streamSchema = z
  .strictObject({
    listen: leaf((value) => readEndpoint(value), {
      description: 'A port, or "address:port". Devices speak MQTT by TLS only where the port is 8883.',
      type: ['integer', 'string'],
      examples: [8883, '[::]:8883'],
    }),
    upstream: leaf(readTargets, {
      description:
        'host:port of a plain TCP server, or a list, of which each is tried where the one before is not there.',
      ...TEXT_OR_LIST,
      examples: ['192.168.1.5:1883'],
    }),
    allow: leaf(readNetworks, {
      description: 'The networks that it is for. Left out: for everyone.',
      ...TEXT_OR_LIST,
    }).prefault([]),
    idle: leaf(between(readDuration, 10, 7 * DAY_MS, writeDuration), {
      description:
        'Without a byte in either direction. Devices ping every 240s: stay above twice of that. From 10ms to 7d.',
      type: 'string',
    }).prefault('10m'),
    connections: leaf(readInteger('a number of connections', 1, 1_000_000), {
      description: 'The most at a time, in all processes together.',
      ...NUMBER_OR_TEXT,
    }).prefault(10_000),
    proxyProtocol: z
      .enum(PROXY_VERSIONS)
      .prefault('none')
      .meta({ description: 'The version of the PROXY protocol by which the server hears who the client is.' }),
  })
  .meta({ description: 'TLS in front of plain TCP, with the same certificates.' });

/** A stream of the file without faults. */
export function streamFrom(input: z.output<typeof streamSchema>): StreamConfig {
  const { listen, upstream, allow, idle, connections, proxyProtocol } = input;
  return { listen, upstream, allow: allow.map(asCidr), idleMs: idle, connections, proxyProtocol };
}

/** A stream as the file writes it. */
export function writeStream({ listen, upstream, allow, idleMs, connections, proxyProtocol }: StreamConfig) {
  return {
    listen: writeEndpoint(listen),
    upstream: upstream.map(writeTarget),
    allow,
    idle: writeDuration(idleMs),
    connections,
    proxyProtocol,
  };
}

/** `host:port` as `readTargets` reads it. */
export function writeTarget({ host, port }: HostPort): string {
  return writeEndpoint({ host, port });
}

function readTargets(value: unknown): Reading<HostPort[]> {
  const reading = oneOrMore(readTarget, MAX_TARGETS)(value);
  return reading.ok && reading.value.length === 0 ? wrong('is an empty list', TARGET_EXPECTED) : reading;
}

function readTarget(value: unknown): Reading<HostPort> {
  if (typeof value !== 'string') return unfit(value, TARGET_EXPECTED);
  const bare = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(value)?.[1];
  if (bare !== undefined) return wrong('is a URL', TARGET_EXPECTED, readTarget(bare).ok ? bare : undefined);
  const split = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(value);
  if (split === null) return wrong('is not a host and a port', TARGET_EXPECTED);
  const host = readUpstreamHost((split[1] ?? '').replace(/^\[(.*)\]$/, '$1'));
  if (!host.ok) return host;
  const port = Number(split[2]);
  if (port < 1 || port > 65_535) return wrong('has a port that does not exist', TARGET_EXPECTED);
  return good({ host: host.value, port });
}
