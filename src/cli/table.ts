// Owns tables on a terminal: columns as wide as what stands in them, and rows of a label and its text.
import type { Paint } from './paint.ts';
import { displayWidth, padTo } from './text-width.ts';

const GAP = 2;
const LABEL_COLUMNS = 10;

/** Lines: the titles, and a line for each row. A column in which nothing stands is left out. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  const used = titles.map((_, column) => rows.some((row) => (row[column] ?? '') !== ''));
  const all = [titles.map((title) => paint.title(title)), ...rows].map((row) =>
    row.filter((_, column) => used[column]),
  );
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => displayWidth(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, column) => padTo(cell, (widths[column] ?? 0) + GAP))
      .join('')
      .trimEnd(),
  );
}

/** A line for people: what it is about, and what is said of it. An empty label continues the line above. */
export function labelled(label: string, text: string, paint: Paint, columns = LABEL_COLUMNS): string {
  return padTo(label === '' ? '' : paint.title(label), columns) + text;
}
