// Owns the tree of commands as completion sees it, read off commander's: what can stand where.
import type { Argument, Command, Option } from 'commander';

/** What a value can be: one of some words, a file, a name that only the configuration or the gate knows, or anything. */
export type Value =
  | { kind: 'choice'; choices: readonly string[] }
  | { kind: 'file' }
  | { kind: 'names'; of: NameKind }
  | { kind: 'free' };

export const NAME_KINDS = ['routes', 'openings', 'images'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

export type OptionNode = { flags: string[]; about: string; value: Value | null; isRepeated: boolean };
export type CommandNode = {
  /** Without the program's own name: `certs list`; empty for the root. */
  path: string;
  name: string;
  about: string;
  options: OptionNode[];
  arguments: { name: string; value: Value; isRepeated: boolean }[];
  commands: CommandNode[];
};

/** By the name that the value has in the help: `<file>`. */
const NAMED: Readonly<Record<string, Value>> = {
  file: { kind: 'file' },
  route: { kind: 'names', of: 'routes' },
  'route|id': { kind: 'names', of: 'openings' },
  id: { kind: 'names', of: 'images' },
};

export function treeOf(program: Command): CommandNode {
  return nodeOf(program, '', { kind: 'choice', choices: visible(program).map((command) => command.name()) });
}

/** The node and all below it. */
export function everyNode(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(everyNode)];
}

function nodeOf(command: Command, path: string, commandNames: Value): CommandNode {
  return {
    path,
    name: command.name(),
    about: command.summary() || command.description(),
    options: command
      .createHelp()
      .visibleOptions(command)
      .map((option) => ({
        flags: [option.short, option.long].filter((flag) => typeof flag === 'string'),
        about: option.description,
        value: option.required || option.optional ? whatFits(placeholderOf(option), option) : null,
        isRepeated: option.variadic,
      })),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      value: argument.name() === 'command' ? commandNames : whatFits(argument.name(), argument),
      isRepeated: argument.variadic,
    })),
    commands: visible(command).map((below) => nodeOf(below, `${path} ${below.name()}`.trim(), commandNames)),
  };
}

function visible(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\].]+)/.exec(flags)?.[1] ?? '';
}

function whatFits(placeholder: string, { argChoices }: Option | Argument): Value {
  if (argChoices !== undefined) return { kind: 'choice', choices: argChoices };
  return NAMED[placeholder] ?? { kind: 'free' };
}
