// Carries out `otagate import`: an nginx's files as a configuration of otagate, and what came of its check.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../base/errors.ts';
import { formatFinding } from '../config/finding.ts';
import { checkText } from '../config/load.ts';
import { readNginxFile } from '../nginx/read.ts';
import { writeImport } from '../nginx/write.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';

export type ImportOptions = { output?: string };

/** What is printed or written passes `otagate check`, or its faults are told: a certificate that is not here, e.g. */
export async function importNginx(context: Context, file: string, { output }: ImportOptions): Promise<number> {
  const { terminal, words } = context;
  const read = readNginxFile(resolve(file));
  const places = read.faults.map(({ place, problem }) =>
    // The file itself, where it cannot be read, has no line.
    place.line === 0 ? problem : `${place.file}:${place.line}: ${problem}`,
  );
  if (read.directives.length === 0) {
    terminal.tell(...places, words.import.nothing(file));
    return EXIT.no;
  }
  const text = writeImport(file, read);
  terminal.tell(...places);
  if (output === undefined) terminal.print(text.trimEnd());
  else {
    try {
      // What is there already may be the work of days.
      writeFileSync(output, text, { flag: 'wx', mode: 0o644 });
    } catch (error) {
      const code = errorCode(error);
      terminal.tell(code === 'EEXIST' ? words.import.isThere(output) : words.import.notWritten(output, code));
      return EXIT.no;
    }
  }
  const loaded = checkText(text, output ?? 'otagate.yaml', {}, terminal.now());
  terminal.tell(...[...(loaded.ok ? [] : loaded.faults), ...loaded.warnings].map(formatFinding));
  if (output !== undefined) terminal.tell(words.import.written(output));
  return loaded.ok ? EXIT.well : EXIT.no;
}
