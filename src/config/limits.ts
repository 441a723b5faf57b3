// Owns the limits of the file: their keys, defaults and bounds.
import { z } from 'zod';
import type { Limits } from './config.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
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

export const limitsSchema = z
  .strictObject({
    opening: duration('24h', SECOND, 30 * DAY, 'The longest that a command may open a route for.'),
    drain: duration('30s', 0, HOUR, 'How long running requests may go on when the gate stops.'),
    connect: duration('5s', 10, MINUTE, 'To connect to an upstream.'),
    reply: duration('60s', 10, 30 * MINUTE, 'From a request to the first byte of the upstream’s reply.'),
    idle: duration('5m', 10, DAY, 'Without a byte in either direction, on a connection that is not a WebSocket.'),
    header: duration('20s', 10, 5 * MINUTE, 'For a client to send the head of its request.'),
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
    checkBytes: input.checkBody,
    linkMs: input.link,
  };
}

/** The limits as the file writes them. */
export function writeLimits(limits: Limits): Record<string, string> {
  return {
    opening: writeDuration(limits.openingMs),
    drain: writeDuration(limits.drainMs),
    connect: writeDuration(limits.connectMs),
    reply: writeDuration(limits.replyMs),
    idle: writeDuration(limits.idleMs),
    header: writeDuration(limits.headerMs),
    checkBody: writeSize(limits.checkBytes),
    link: writeDuration(limits.linkMs),
  };
}
