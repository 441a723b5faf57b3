// Owns the completion for fish (3.1 and later).
import { type CommandNode, everyNode, type OptionNode, type Value } from './tree.ts';

export function fishCompletion(root: CommandNode): string {
  const nodes = everyNode(root);
  const paths = nodes.map(({ path }) => path).filter((path) => path !== '');
  const valued = nodes.flatMap(({ options }) => options.filter(({ value }) => value !== null));
  const flags = [...new Set(valued.flatMap((option) => option.flags))];
  return `# Completion of otagate for fish, made by: otagate completion fish
function __otagate_at
    # Whether the line so far is this command, with so many arguments where a number is given.
    set -l path
    set -l at 0
    set -l skip 0
    for token in (commandline -opc)[2..-1]
        if test $skip -eq 1
            set skip 0
            continue
        end
        switch $token
            case ${flags.join(' ')}
                set skip 1
            case '-*'
            case '*'
                if contains -- (string join ' ' -- $path $token) ${paths.map(quote).join(' ')}
                    set -a path $token
                else
                    set at (math $at + 1)
                end
        end
    end
    test "$path" = "$argv[1]"; and test (count $argv) -eq 1 -o "$at" = "$argv[2]"
end
function __otagate_names
    set -l tokens (commandline -opc)
    set -l config
    for i in (seq 2 (count $tokens))
        switch $tokens[$i]
            case -c --config
                test $i -lt (count $tokens); and set config -c (string replace -r '^~' $HOME -- $tokens[(math $i + 1)])
            case '--config=*'
                set config -c (string replace -r '^~' $HOME -- (string replace -- '--config=' '' $tokens[$i]))
        end
    end
    set -l program (string replace -r '^~' $HOME -- $tokens[1])
    $program complete-names $argv[1] $config 2>/dev/null
end
complete -c otagate -e
complete -c otagate -f
${nodes.flatMap(linesOf).join('\n')}`;
}

function linesOf({ path, options, arguments: args, commands }: CommandNode): string[] {
  const here = `complete -c otagate -n ${quote(`__otagate_at ${quote(path)}`)}`;
  const at = (index: number): string => `complete -c otagate -n ${quote(`__otagate_at ${quote(path)} ${index}`)}`;
  return [
    ...options.map((option) => `${here} ${flagsOf(option)} -d ${quote(option.about)}${takes(option.value)}`),
    ...commands.map(({ name, about }) => `${at(0)} -a ${name} -d ${quote(about)}`),
    ...args.flatMap(({ value, isRepeated }, index) =>
      value.kind === 'free' ? [] : [`${isRepeated ? here : at(index)} ${argumentOf(value)}`],
    ),
  ];
}

function flagsOf({ flags }: OptionNode): string {
  return flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
}

function takes(value: Value | null): string {
  if (value === null) return '';
  return value.kind === 'free' ? ' -x' : ` -r ${argumentOf(value)}`;
}

function argumentOf(value: Value): string {
  switch (value.kind) {
    case 'choice':
      return `-f -a ${quote(value.choices.join(' '))}`;
    case 'names':
      return `-f -a ${quote(`(__otagate_names ${value.of})`)}`;
    case 'file':
      return '-F';
    case 'free':
      return '-f';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
