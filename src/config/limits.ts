// Owns the limits of the file: their keys, defaults and bounds.
import { z } from 'zod';
import type { Limits } from './config.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { readInteger } from './reading.ts';
import { between, readDuration, readSize, writeDuration, writeSize } from './units.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const duration = (standard: string, min: number, max: number, description: string) =>
  leaf(between(readDuration, min, max, writeDuration), {
    description: `${description} From ${writeDuration(min)} to ${writeDuration(max)}.`,
    type: 'string',
  }).prefault(standard);

const number = (what: string, standard: number, max: number, description: string) =>
  leaf(readInteger(what, 1, max), { description: `${description} From 1 to ${max}.`, ...NUMBER_OR_TEXT }).prefault(
    standard,
  );

export const limitsSchema = z
  .strictObject({
    opening: duration('24h', SECOND, 30 * DAY, 'The longest that a command may open a route for.'),
    drain: duration('30s', 0, HOUR, 'How long running requests may go on when the gate stops.'),
    connect: duration('5s', 10, MINUTE, 'To connect to an upstream.'),
    reply: duration('60s', 10, 30 * MINUTE, 'From a request to the first byte of the upstream’s reply.'),
    idle: duration('5m', 10, DAY, 'Without a byte in either direction, on a connection that is not a WebSocket.'),
    header: duration('20s', 10, 5 * MINUTE, 'For a client to send the head of its request.'),
    body: duration('30s', 10, HOUR, 'For a client to send a body; each 500 bytes of it give one second more.'),
    webSocketIdle: duration('1h', 10, 30 * DAY, 'Of a WebSocket, without a byte in either direction.'),
    connections: number(
      'a number of connections',
      10_000,
      1_000_000,
      'Open at a time, in each gate process; a tenth of them is kept free for the LAN.',
    ),
    addressConnections: number(
      'a number of connections',
      2_000,
      1_000_000,
      'Open at a time from one address outside of the LAN, in each gate process.',
    ),
    handshakes: number(
      'a number of handshakes',
      500,
      100_000,
      'TLS handshakes at a time with clients outside of the LAN, in each gate process; others wait.',
    ),
    addressRequests: number(
      'requests a second',
      200,
      1_000_000,
      'Requests a second from one address outside of the LAN, on routes that are not for devices.',
    ),
    deviceRequests: number('requests a second', 50, 1_000_000, 'Requests a second of one device, downloads left out.'),
    deviceWebSockets: number('a number of WebSockets', 8, 10_000, 'WebSockets of one device at a time.'),
    checkBody: leaf(between(readSize, 1024, 16 * 1024 ** 2, writeSize), {
      description: 'The largest body of an OTA check. From 1KiB to 16MiB.',
      ...NUMBER_OR_TEXT,
    }).prefault('256KiB'),
    link: duration('24h', SECOND, 30 * DAY, 'How long a firmware link that was handed out can be used.'),
  })
  .prefault({})
  .meta({ description: 'How long and how much.' });

/** The limits of the file under their names inside. */
export function limitsFrom(input: z.output<typeof limitsSchema>): Limits {
  return {
    openingMs: input.opening,
    drainMs: input.drain,
    connectMs: input.connect,
    replyMs: input.reply,
    idleMs: input.idle,
    headerMs: input.header,
    bodyMs: input.body,
    webSocketIdleMs: input.webSocketIdle,
    connections: input.connections,
    addressConnections: input.addressConnections,
    handshakes: input.handshakes,
    addressRequestsPerSecond: input.addressRequests,
    deviceRequestsPerSecond: input.deviceRequests,
    deviceWebSockets: input.deviceWebSockets,
    checkBytes: input.checkBody,
    linkMs: input.link,
  };
}

/** The limits as the file writes them. */
export function writeLimits(limits: Limits): Record<string, string | number> {
  return {
    opening: writeDuration(limits.openingMs),
    drain: writeDuration(limits.drainMs),
    connect: writeDuration(limits.connectMs),
    reply: writeDuration(limits.replyMs),
    idle: writeDuration(limits.idleMs),
    header: writeDuration(limits.headerMs),
    body: writeDuration(limits.bodyMs),
    webSocketIdle: writeDuration(limits.webSocketIdleMs),
    connections: limits.connections,
    addressConnections: limits.addressConnections,
    handshakes: limits.handshakes,
    addressRequests: limits.addressRequestsPerSecond,
    deviceRequests: limits.deviceRequestsPerSecond,
    deviceWebSockets: limits.deviceWebSockets,
    checkBody: writeSize(limits.checkBytes),
    link: writeDuration(limits.linkMs),
  };
}
