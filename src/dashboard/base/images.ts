// Owns what is read out of an image of the store: its board, its version, and which devices run it.
import type { Image, NamedCount } from '../api.ts';

export type ImageFacts = {
  board: string | null;
  version: string | null;
  chip: string | null;
  project: string | null;
  builtAt: string | null;
  idfVersion: string | null;
  flashBytes: number | null;
};

/** The upstream names files `<board>_<version>.bin`; the image itself names no board. */
export function factsOf({ fileName, facts }: Image): ImageFacts {
  const [, board = null, named = null] = /^(.+)_([^_]+?)(?:\.[a-z]+)?$/i.exec(fileName) ?? [];
  const text = (name: string): string | null => {
    const value = facts[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return {
    board,
    version: text('version') ?? named,
    chip: text('chip'),
    project: text('project'),
    builtAt: text('builtAt'),
    idfVersion: text('idfVersion'),
    flashBytes: typeof facts.flashBytes === 'number' ? facts.flashBytes : null,
  };
}

export type Share = { name: string; count: number; share: number };

/** The versions that most devices run, and the rest together as `others`. */
export function versionShares(versions: readonly NamedCount[], most: number): { shares: Share[]; others: number } {
  const sorted = versions.filter(({ name, count }) => name !== '' && count > 0).sort((a, b) => b.count - a.count);
  const all = sorted.reduce((sum, { count }) => sum + count, 0);
  return {
    shares: sorted.slice(0, most).map(({ name, count }) => ({ name, count, share: count / all })),
    others: sorted.slice(most).reduce((sum, { count }) => sum + count, 0),
  };
}
