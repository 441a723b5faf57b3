// Owns did-you-mean: the nearest of the words that would have been right.

/**
 * The known word nearest to the one found, or undefined where none is near: up to a third of its letters may differ.
 * Case, `-` and `_` do not count. Words over 64 characters are nobody's slip.
 */
export function nearest(found: string, known: readonly string[] | ReadonlySet<string>): string | undefined {
  if (found.length === 0 || found.length > 64) return undefined;
  const plain = (word: string): string => word.toLowerCase().replace(/[-_\s]/g, '');
  const from = plain(found);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(from.length / 3)) + 1;
  for (const word of known) {
    const to = plain(word);
    const away = editDistance(from, to);
    if (away < least && away < Math.max(from.length, to.length)) [best, least] = [word, away];
  }
  best ??= from.length < 3 ? undefined : [...known].find((word) => isShortFor(plain(word), from));
  return best === found ? undefined : best;
}

/** `warning` for `warn`, `cert` for `certificates`. */
function isShortFor(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
}

/** Letters to add, drop, replace, or swap with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min((last[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + same);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      }
      line.push(cost);
    }
    before = last;
    last = line;
  }
  return last[b.length] ?? 0;
}
