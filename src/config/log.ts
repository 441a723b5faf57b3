// Owns the log keys of the file: the log, the access log beside it, and when both begin new files.
import { z } from 'zod';
import type { LogConfig } from './config.ts';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { type NamedPaths, readFilePath } from './paths.ts';
import { good, type Reader, readInteger } from './reading.ts';
import { between, readDuration, readSize, writeDuration, writeSize } from './units.ts';

const MIB = 1024 ** 2;
const DAY_MS = 86_400_000;

const path = (description: string) => leaf(readFilePath, { description, type: 'string' });

/** The same reading, and null for `none`. */
function orNone(reader: Reader<number>): Reader<number | null> {
  return (value) => (value === 'none' ? good(null) : reader(value));
}

export const logSchema = z
  .strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error'])
      .prefault('info')
      .meta({ description: 'From this level on.' }),
    format: z
      .enum(['auto', 'json', 'pretty'])
      .prefault('auto')
      .meta({ description: 'auto: pretty on a terminal, else JSON.' }),
    file: path('A file in place of standard output. Reopened on SIGUSR1.').optional(),
    access: z
      .strictObject({
        file: path('Takes a line for each request, beside the log.'),
        format: z
          .enum(['combined'])
          .prefault('combined')
          .meta({ description: 'combined: as nginx and Apache write it.' }),
      })
      .optional()
      .meta({ description: 'An access log for programs that read those of nginx.' }),
    rotate: z
      .strictObject({
        size: leaf(orNone(between(readSize, 1024, 1024 * 1024 * MIB, writeSize)), {
          description: 'A file that is larger is put aside. From 1KiB to 1TiB, or none.',
          ...NUMBER_OR_TEXT,
        }).prefault('100MiB'),
        every: leaf(orNone(between(readDuration, 1_000, 366 * DAY_MS, writeDuration)), {
          description: 'A file that was begun before is put aside. From 1s to 366d, or none.',
          type: 'string',
        }).prefault('none'),
        keep: leaf(readInteger('a number of files', 1, 1000), {
          description: 'Files that were put aside and are kept: file.1 is the newest.',
          ...NUMBER_OR_TEXT,
        }).prefault(7),
      })
      .optional()
      .meta({ description: 'Puts log files aside by itself. Left out: logrotate and the like do, with SIGUSR1.' }),
  })
  .prefault({})
  .meta({ description: 'The log.' });

/** The log keys of the file under their names inside. */
export function logFrom(input: z.output<typeof logSchema>, paths: NamedPaths): LogConfig {
  const { level, format, file, access, rotate } = input;
  return {
    level,
    format,
    ...(file === undefined ? {} : { file: paths.makes(file) }),
    ...(access === undefined ? {} : { access: { ...access, file: paths.makes(access.file) } }),
    ...(rotate === undefined ? {} : { rotate: { maxBytes: rotate.size, everyMs: rotate.every, keep: rotate.keep } }),
  };
}

/** The log keys as the file writes them. */
export function writeLog({ rotate, ...log }: LogConfig): Record<string, unknown> {
  if (rotate === undefined) return log;
  const { maxBytes, everyMs, keep } = rotate;
  const size = maxBytes === null ? 'none' : writeSize(maxBytes);
  return { ...log, rotate: { size, every: everyMs === null ? 'none' : writeDuration(everyMs), keep } };
}
