// Owns the shape of the help: its headings in the language of the reader, columns that bear Chinese, and colours.
import { type Argument, type Command, Help, type Option } from 'commander';
import type { HelpWords } from './help-words.ts';
import { paintFor } from './paint.ts';
import { displayWidth, wrap } from './text-width.ts';

// commander takes them out again where the stream knows no colours.
const paint = paintFor(true);

export class SpokenHelp extends Help {
  readonly #words: HelpWords;
  /** By commander's own headings, which it hands to styleTitle. */
  readonly #headings: Readonly<Record<string, string>>;

  constructor(words: HelpWords) {
    super();
    const { headings } = words;
    this.#words = words;
    this.#headings = {
      'Usage:': headings.usage,
      'Arguments:': headings.arguments,
      'Options:': headings.options,
      'Commands:': headings.commands,
    };
  }

  override styleTitle(title: string): string {
    return paint.title(this.#headings[title] ?? title);
  }

  override displayWidth(text: string): number {
    return displayWidth(text);
  }

  override boxWrap(text: string, width: number): string {
    return width < this.minWidthToWrap ? text : wrap(text, width);
  }

  override commandUsage(command: Command): string {
    const { command: any, anyOptions } = this.#words.headings;
    const below = command.commands.length > 0 ? [any] : [];
    const needed = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags);
    return [pathOf(command), ...below, ...termsOf(command), ...needed, anyOptions].join(' ');
  }

  override subcommandTerm(command: Command): string {
    return [command.name(), ...termsOf(command)].join(' ');
  }

  override optionDescription({ description, argChoices, defaultValue }: Option): string {
    return this.#described(description, argChoices, typeof defaultValue === 'string' ? defaultValue : '');
  }

  override argumentDescription({ description, argChoices }: Argument): string {
    return this.#described(description, argChoices, '');
  }

  #described(description: string, choices: readonly string[] | undefined, standard: string): string {
    const more = [
      ...(choices === undefined ? [] : [this.#words.oneOf(choices.join(', '))]),
      ...(standard === '' ? [] : [this.#words.standard(standard)]),
    ];
    return more.length === 0 ? description : description + this.#words.note(more.join('; '));
  }
}

/** `otagate certs list`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** `<route>`, `[name]`, `[command...]`. */
function termsOf({ registeredArguments }: Command): string[] {
  return registeredArguments.map(termOf);
}

export function termOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
