// Owns how a command is declared and carried out, and what is said where it is used wrongly.
import { Command, type Option } from 'commander';
import { nearest } from '../config/suggest.ts';
import type { Context } from './context.ts';
import { SpokenHelp, termOf } from './help.ts';
import { paintFor } from './paint.ts';
import type { Terminal } from './terminal.ts';
import type { Words } from './words.ts';
import { WrongUse } from './wrong-use.ts';

/** What all commands of one run share. */
export type Cli = {
  terminal: Terminal;
  words: Words;
  /** The command whose part of the line was read last: its help is the next step where something is wrong. */
  reading: Command | null;
  exitCode: number;
};

export type Spoken = { summary: string; about?: string };

const DEFAULT_CONFIG = 'config/otagate.yaml';
const DEFAULT_WIDTH = 80;

export class SpokenCommand extends Command {
  readonly #cli: Cli;

  constructor(name: string, cli: Cli) {
    super(name);
    this.#cli = cli;
    const { terminal, words } = cli;
    const { stdout, stderr } = terminal;
    this.exitOverride()
      .option('-c, --config <file>', words.help.config, DEFAULT_CONFIG)
      .helpOption('-h, --help', words.help.showHelp)
      .helpCommand(false)
      .allowExcessArguments(false)
      .configureOutput({
        writeOut: (text) => stdout.write(text),
        writeErr: (text) => stderr.write(text),
        getOutHasColors: () => terminal.hasColours,
        getErrHasColors: () => terminal.hasErrorColours,
        getOutHelpWidth: () => stdout.columns ?? DEFAULT_WIDTH,
        getErrHelpWidth: () => stderr.columns ?? DEFAULT_WIDTH,
      });
  }

  /** A command below this one. Every one has an example. */
  sub(name: string, { summary, about }: Spoken, ...examples: [string, ...string[]]): SpokenCommand {
    const title = paintFor(true).title(this.#cli.words.help.headings.examples);
    return this.command(name)
      .summary(summary)
      .description(about ?? summary)
      .addHelpText('after', `\n${[title, ...examples.map((example) => `  ${example}`)].join('\n')}`);
  }

  withJson(): this {
    return this.option('--json', this.#cli.words.help.json);
  }

  /** `work` gets the arguments and options of the command, and gives its exit code. */
  perform<Args extends unknown[], Options = object>(
    work: (context: Context, args: Args, options: Options) => Promise<number>,
  ): this {
    return this.action(async () => {
      const { terminal, words } = this.#cli;
      const context = { terminal, words, configFile: this.#configFile(), json: this.opts().json === true };
      this.#cli.exitCode = await work(
        context,
        this.processedArgs as Args,
        this.opts<Options & Record<string, unknown>>(),
      );
    });
  }

  /** The command of this name. @throws {WrongUse} where there is none */
  below(name: string): SpokenCommand {
    this.#cli.reading = this;
    const found = this.commands.find((command) => command.name() === name);
    return found instanceof SpokenCommand ? found : this.#refuse(name);
  }

  #refuse(name: string): never {
    const { usage } = this.#cli.words;
    const known = this.commands.map((command) => command.name());
    throw new WrongUse(usage.unknownCommand(name) + this.#meant(name, known));
  }

  /** `-c` counts wherever it stands in the line, the one that is nearest to the command first. */
  #configFile(): string {
    for (let command: Command | null = this; command !== null; command = command.parent) {
      if (command.getOptionValueSource('config') === 'cli') return String(command.opts().config);
    }
    return DEFAULT_CONFIG;
  }

  override createCommand(name: string): SpokenCommand {
    return new SpokenCommand(name, this.#cli);
  }

  override createHelp(): SpokenHelp {
    return new SpokenHelp(this.#cli.words.help);
  }

  override parseOptions(args: string[]): ReturnType<Command['parseOptions']> {
    this.#cli.reading = this;
    return super.parseOptions(args);
  }

  // From here on: what commander calls where a command is used wrongly. Its typings leave these names out, so that
  // nothing but a test tells when one is called otherwise (then commander's own English words are heard).

  unknownCommand(): never {
    return this.#refuse(this.args[0] ?? '');
  }

  unknownOption(flag: string): never {
    const { usage } = this.#cli.words;
    const known = this.createHelp()
      .visibleOptions(this)
      .flatMap(({ long }) => (long === null || long === undefined ? [] : [long]));
    throw new WrongUse(usage.unknownOption(flag) + (flag.startsWith('--') ? this.#meant(flag, known) : ''));
  }

  missingArgument(name: string): never {
    const argument = this.registeredArguments.find((one) => one.name() === name);
    throw new WrongUse(this.#cli.words.usage.missingArgument(argument === undefined ? name : termOf(argument)));
  }

  optionMissingArgument({ flags }: Option): never {
    throw new WrongUse(this.#cli.words.usage.missingValue(flags));
  }

  missingMandatoryOptionValue({ flags }: Option): never {
    // commander looks for what is unknown afterwards, but --fro is why --for is missing.
    const unknown = this.args.find((arg) => /^--?[^-]/.test(arg));
    if (unknown !== undefined) this.unknownOption(unknown);
    throw new WrongUse(this.#cli.words.usage.missingOption(flags));
  }

  _excessArguments(received: readonly string[]): never {
    const expected = this.registeredArguments.length;
    throw new WrongUse(this.#cli.words.usage.tooMany(received.slice(expected).join(' '), expected));
  }

  #meant(found: string, known: readonly string[]): string {
    const word = nearest(found, known);
    return word === undefined ? '' : this.#cli.words.usage.meant(word);
  }
}
