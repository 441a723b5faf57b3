// Carries out `otagate token rotate`: new tokens, of which only the files are told.
import { printAnswer } from './answer.ts';
import type { Context } from './context.ts';
import { table } from './table.ts';

type Rotated = { adminFile: string; readFile: string };

export function rotateTokens(context: Context): Promise<number> {
  const {
    words: { token },
    terminal,
  } = context;
  return printAnswer<Rotated>(context, { method: 'POST', path: '/api/v1/tokens/rotate' }, ({ adminFile, readFile }) => [
    token.rotated,
    // No titles: a path, and what its token may do.
    ...table(
      ['', ''],
      [
        [adminFile, token.admin],
        [readFile, token.read],
      ],
      terminal.paint,
    ).slice(1),
  ]);
}
