// Owns the firmware keys of the file: the store, its memory, the pace of downloads, and where else images come from.
import { z } from 'zod';
import type { FirmwareConfig } from './config.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { readFirmwarePrefix } from './origins.ts';
import { good, type Reader, readInteger } from './reading.ts';
import { between, readDuration, readRate, readSize, writeDuration, writeSize } from './units.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const [KIB, MIB, GIB, TIB] = [1024, 1024 ** 2, 1024 ** 3, 1024 ** 4];

// Much slower, and TLS records of 16 KiB come 5 s apart, when old devices give up. Faster is as good as no bound.
const [MIN_RATE, MAX_RATE] = [4 * KIB, TIB];

/** How other programs write that there is no bound, and how people write that they want none of it. */
const NO_BOUND = ['unlimited', 'infinite', 'infinity', 'max', '-1'];
const NOT_WANTED = ['none', 'off', 'no', 'false', 'never', 'disabled'];
// A pace of nothing would be no download at all, so 0 means what it does for nginx's limit_rate. For a number of
// downloads 0 and the words for none could mean either, so nothing is guessed there.
const NO_RATE = [...NO_BOUND, ...NOT_WANTED, '0', '0/s'];

/** The same reading, with what is suggested in place of one of these words. */
function suggesting<T>(suggestion: string, words: readonly string[], reader: Reader<T>): Reader<T> {
  return (value) => {
    const reading = reader(value);
    if (reading.ok || !words.includes(String(value).toLowerCase())) return reading;
    return { ok: false, wrongs: reading.wrongs.map((each) => ({ ...each, suggestion })) };
  };
}

/** The same reading, and null for `none`. */
function orNone(reader: Reader<number>): Reader<number | null> {
  return (value) => {
    if (value === 'none') return good(null);
    const reading = reader(value);
    if (reading.ok) return reading;
    return { ok: false, wrongs: reading.wrongs.map((each) => ({ ...each, expected: `${each.expected}, or none` })) };
  };
}

const rate = (description: string) =>
  leaf(suggesting('none', NO_RATE, orNone(between(readRate, MIN_RATE, MAX_RATE, writeRate))), {
    description: `${description} From ${writeRate(MIN_RATE)}, or none.`,
    type: 'string',
    examples: ['1MiB/s', 'none'],
  });

export const firmwareSchema = z
  .strictObject({
    maxBytes: leaf(between(readSize, 16 * MIB, TIB, writeSize), {
      description:
        'The size of the store on disk. Past it, the images that were asked for longest ago go. From 16MiB to 1TiB.',
      ...NUMBER_OR_TEXT,
    }).prefault('2GiB'),
    memory: leaf(suggesting('0', NOT_WANTED, between(readSize, 0, 64 * GIB, writeSize)), {
      description: 'For images in memory, in all gate processes together. From 0, which keeps none, to 64GiB.',
      ...NUMBER_OR_TEXT,
    }).prefault('256MiB'),
    pace: z
      .strictObject({
        device: rate('The most that one download gets.').prefault('1MiB/s'),
        total: rate('The most that all downloads get together.').prefault('none'),
      })
      .prefault({})
      .meta({ description: 'How fast firmware is sent.' }),
    downloads: leaf(suggesting('none', NO_BOUND, orNone(readInteger('a number', 1, 100_000))), {
      description:
        'The most downloads at a time, or none. Past it, an offer is left out of the reply, and the device asks again at its next boot. From 1 to 100000.',
      ...NUMBER_OR_TEXT,
      examples: ['none', 50],
    }).prefault('none'),
    recheck: leaf(between(readDuration, SECOND, DAY, writeDuration), {
      description:
        'How long an image counts as unchanged after its server was asked. A link that works a few times only is used up a little by each asking. From 1s to 24h.',
      type: 'string',
    }).prefault('10s'),
    allow: z
      .array(leaf(readFirmwarePrefix, { description: 'https://host/path/', type: 'string' }))
      .max(100)
      .prefault([])
      .meta({ description: 'Other places that firmware may be fetched from: everything below these URLs.' }),
  })
  .prefault({})
  .meta({ description: 'Where firmware comes from, how much of it is kept, and how fast it is sent.' });

/** The firmware keys of the file under their names inside. */
export function firmwareFrom(input: z.output<typeof firmwareSchema>): FirmwareConfig {
  return {
    allow: input.allow,
    maxBytes: input.maxBytes,
    memoryBytes: input.memory,
    pace: { deviceBytesPerSecond: input.pace.device, totalBytesPerSecond: input.pace.total },
    downloads: input.downloads,
    recheckMs: input.recheck,
  };
}

/** The firmware keys as the file writes them. */
export function writeFirmware({ allow, maxBytes, memoryBytes, pace, downloads, recheckMs }: FirmwareConfig) {
  const { deviceBytesPerSecond: device, totalBytesPerSecond: total } = pace;
  return {
    maxBytes: writeSize(maxBytes),
    memory: writeSize(memoryBytes),
    pace: { device: device === null ? 'none' : writeRate(device), total: total === null ? 'none' : writeRate(total) },
    downloads: downloads ?? 'none',
    recheck: writeDuration(recheckMs),
    allow,
  };
}

/** A rate as `readRate` reads it. */
function writeRate(bytesPerSecond: number): string {
  return `${writeSize(bytesPerSecond)}/s`;
}
