// Owns the log: pino, pretty on a terminal, JSON elsewhere; one event, one name, flat fields.
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Logger;

export type LogOptions = { level: string; format: 'auto' | 'json' | 'pretty'; file?: string | undefined };

// Lines that wait for a slow reader or disk; past this, new ones are dropped.
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
// A write of its own for each line would cost a busy gate a wake-up of another thread for each request.
const BATCH_LENGTH = 32 * 1024;
const MAX_WRITE_BYTES = 64 * 1024;
const BATCH_MS = 50;

/** Writes a line for each request, in the form of the log but without its detours. Fields must be printable already. */
export type LineLog = (level: 'info' | 'warn', fields: Readonly<Record<string, unknown>>, message: string) => void;

/** A log and the way to open its file anew after it was moved away. */
export type OpenedLog = { log: Log; line: LineLog; reopen: () => void };

/**
 * Opens the log. Lines are written within 50 ms, several at a time, without waiting for whoever reads them: a reader
 * that stands still costs lines past `MAX_WAITING_BYTES`, never a request. `onLine` hears each line as JSON, too. A
 * process that exits writes its last lines first.
 * @throws {Error} with the system's code where the file cannot be opened
 */
export function openLog(options: LogOptions, name: string, onLine?: (json: string) => void): OpenedLog {
  const settings = {
    level: options.level,
    base: { process: name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const opened = (stream: DestinationStream, reopen: () => void): OpenedLog => {
    const log = pino(settings, stream);
    return { log, line: lineLog(log, stream, name), reopen };
  };
  if (options.file !== undefined) {
    closeSync(openSync(options.file, 'a', 0o640));
    const file = openStream({ dest: options.file, append: true });
    return opened(tapped(file, onLine), () => file.reopen());
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
    : openStream({ fd: 1 });
  return opened(tapped(stream, onLine), () => {});
}

function lineLog(log: Log, stream: DestinationStream, name: string): LineLog {
  const by = JSON.stringify(name);
  return (level, fields, message) => {
    if (!log.isLevelEnabled(level)) return;
    const text = JSON.stringify(fields).slice(1, -1);
    const time = new Date().toISOString();
    stream.write(`{"level":"${level}","time":"${time}","process":${by},${text},"msg":${JSON.stringify(message)}}\n`);
  };
}

/** The stream, and whoever wants to hear each line as well. */
function tapped(stream: DestinationStream, onLine: ((json: string) => void) | undefined): DestinationStream {
  if (onLine === undefined) return stream;
  const write = stream.write.bind(stream);
  stream.write = (line) => {
    onLine(line);
    write(line);
  };
  return stream;
}

/** Loaded where it is wanted only: a gate that writes JSON has no use for it, nor for the memory that it takes. */
function pretty(options: import('pino-pretty').PrettyOptions): DestinationStream {
  const load = createRequire(import.meta.url);
  return (load('pino-pretty') as typeof import('pino-pretty')).build(options);
}

type Stream = ReturnType<typeof destination>;

/** A file that takes lines of another form, with the same bounds. */
export type LineFile = { write: (line: string) => void; reopen: () => void };

/** @throws {Error} with the system's code where the file cannot be opened */
export function openLines(file: string): LineFile {
  closeSync(openSync(file, 'a', 0o640));
  const stream = openStream({ dest: file, append: true });
  return { write: (line) => void stream.write(line), reopen: () => stream.reopen() };
}

/**
 * A stream that no state of its target can stop the process by: a full disk, a reader that left or stands still. The
 * stream would try for ever to write its last lines at the exit; where nothing goes out, they are given up.
 */
function openStream(target: { dest: string; append: true } | { fd: 1 }): Stream {
  const bounds = { maxWrite: MAX_WRITE_BYTES, maxLength: MAX_WAITING_BYTES };
  const stream = destination({ ...target, ...bounds, sync: false, retryEAGAIN: () => !exiting });
  // The stream measures all that waits in it anew with each piece: so it is given few of them.
  const write = stream.write.bind(stream);
  let lines: string[] = [];
  let length = 0;
  let due = false;
  const handOver = (): void => {
    if (lines.length === 0) return;
    const batch = lines.join('');
    lines = [];
    length = 0;
    write(batch);
  };
  const onDue = (): void => {
    due = false;
    handOver();
  };
  stream.write = (line) => {
    lines.push(line);
    length += line.length;
    if (length >= BATCH_LENGTH) handOver();
    else if (!due) {
      due = true;
      setTimeout(onDue, BATCH_MS).unref();
    }
    return true;
  };
  const flush = stream.flush.bind(stream);
  stream.flush = (done) => {
    handOver();
    flush(done);
  };
  const flushSync = stream.flushSync.bind(stream);
  let failing = false;
  stream.on('error', () => {
    failing = true;
  });
  stream.on('write', () => {
    failing = false;
  });
  stream.flushSync = () => {
    if (failing) return;
    try {
      handOver();
      flushSync();
    } catch {
      // the process is about to exit, and nobody reads
    }
  };
  return stream;
}

let exiting = false;
process.once('exit', () => {
  exiting = true;
});
