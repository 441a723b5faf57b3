// Carries out `otagate doctor --serial-log`: what a device printed, and what it means.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { readAtMost } from '../base/bounded-body.ts';
import { errorText } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import { MAX_LOG_BYTES, readSerialLog } from '../doctor/serial/serial-log.ts';
import { tellSerialLog } from '../doctor/serial/told.ts';
import type { Context } from './context.ts';
import { describeSentences } from './doctor-text.ts';
import { EXIT } from './exit-codes.ts';

const MEGABYTE = 1024 * 1024;

/** `file` may be `-`, for standard input. Exit code 1 where the log tells of a fault. */
export async function readLog(context: Context, file: string): Promise<number> {
  const { terminal, words, json } = context;
  const say = words.doctor.log;
  let log: { text: string; cut: boolean };
  try {
    log = await readBounded(file === '-' ? process.stdin : createReadStream(file));
  } catch (error) {
    terminal.tell(say.unreadable(printable(file), errorText(error)));
    return EXIT.no;
  }
  if (log.cut) terminal.tell(say.cut(printable(file), MAX_LOG_BYTES / MEGABYTE));
  const told = tellSerialLog(readSerialLog(log.text), json ? 'en' : words.language);
  if (json) terminal.printJson(told);
  else {
    terminal.print(say.read(told.lines, told.version));
    if (!told.known) terminal.print(say.unknown);
    for (const { line, times, text, ...sentences } of told.findings) {
      terminal.print(
        '',
        ...describeSentences(say.where(line, times), sentences, context),
        `  ${terminal.paint.faint(text)}`,
      );
    }
  }
  return told.findings.some(({ severity }) => severity === 'fault') ? EXIT.no : EXIT.well;
}

async function readBounded(stream: Readable): Promise<{ text: string; cut: boolean }> {
  const { bytes, whole } = await readAtMost(stream, MAX_LOG_BYTES);
  return { text: bytes.toString('utf8'), cut: !whole };
}
