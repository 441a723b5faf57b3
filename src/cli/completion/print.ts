// Carries out `otagate completion`: the script for a shell, made from the tree of commands.
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import type { Shell } from './shells.ts';
import { treeOf } from './tree.ts';
import { zshCompletion } from './zsh.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export async function printCompletion({ terminal }: Context, shell: Shell, program: Command): Promise<number> {
  terminal.print(SCRIPTS[shell](treeOf(program)));
  return EXIT.well;
}
