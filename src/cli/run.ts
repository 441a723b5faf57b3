// Owns one run of the command line: from its arguments to the exit code.
import { CommanderError } from 'commander';
import { errorText } from '../base/errors.ts';
import type { Cli } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { pathOf } from './help.ts';
import { languageOf, wordsOf } from './language.ts';
import { buildProgram } from './program.ts';
import { type Streams, Terminal } from './terminal.ts';
import { WrongUse } from './wrong-use.ts';

/** `args` are those behind the name of the program. Never rejects: what went wrong is told on stderr. */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const words = await wordsOf(languageOf(streams.env));
  const terminal = new Terminal(streams);
  const cli: Cli = { terminal, words, reading: null, exitCode: EXIT.well };
  try {
    const program = buildProgram(cli);
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    // The help and the version are printed already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.well : EXIT.usage;
    terminal.tell(terminal.errorPaint.bad(words.usage.error) + errorText(error));
    if (!(error instanceof WrongUse)) return EXIT.no;
    const { reading } = cli;
    const next = reading === null || reading.commands.length > 0 ? words.usage.listHelp : words.usage.seeHelp;
    terminal.tell(next(reading === null ? 'otagate' : pathOf(reading)));
    return EXIT.usage;
  }
}
