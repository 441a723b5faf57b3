// Owns the log: pino, pretty on a terminal, JSON elsewhere; one event, one name, flat fields.
import { closeSync, openSync } from 'node:fs';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { build as pretty } from 'pino-pretty';

export type Log = Logger;

export type LogOptions = { level: string; format: 'auto' | 'json' | 'pretty'; file?: string | undefined };

// Lines that wait for a slow reader or disk; past this, new ones are dropped.
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** A log and the way to open its file anew after it was moved away. */
export type OpenedLog = { log: Log; reopen: () => void };

/**
 * Opens the log. Lines are written as they come, without waiting for whoever reads them: a reader that stands still
 * costs lines past `MAX_WAITING_BYTES`, never a request. A process that exits writes its last lines first.
 * @throws {Error} with the system's code where the file cannot be opened
 */
export function openLog(options: LogOptions, name: string): OpenedLog {
  const settings = {
    level: options.level,
    base: { process: name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (options.file !== undefined) {
    closeSync(openSync(options.file, 'a', 0o640));
    const file = destination({ dest: options.file, append: true, sync: false, maxLength: MAX_WAITING_BYTES });
    file.on('error', () => {}); // a full disk must not end the process; the next line is tried again
    return { log: pino(settings, file), reopen: () => file.reopen() };
  }
  const asPretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true);
  const stream: DestinationStream = asPretty
    ? pretty({
        colorize: process.stdout.isTTY === true,
        ignore: 'pid,hostname',
        translateTime: 'HH:MM:ss.l',
        sync: true,
        singleLine: true,
      })
    : standardOutput();
  return { log: pino(settings, stream), reopen: () => {} };
}

function standardOutput(): DestinationStream {
  const stream = destination({ fd: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  stream.on('error', () => {}); // whoever read our output is gone; serving goes on
  return stream;
}
