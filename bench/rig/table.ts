// Owns the tables of a report: how numbers are written in them, and how they are set on a terminal.

export type Cell = string | number | null;

export type Table = { title: string; columns: string[]; rows: Cell[][] };

/** Each table with its title, columns as wide as their content, numbers to the right. */
export function printTables(tables: readonly Table[]): void {
  for (const { title, columns, rows } of tables) {
    const texts = rows.map((row) => row.map(cellText));
    const widths = columns.map((column, at) => Math.max(column.length, ...texts.map((row) => (row[at] ?? '').length)));
    const line = (cells: readonly string[], right: boolean): string =>
      cells
        .map((cell, at) => (right && at > 0 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
        .join('  ')
        .trimEnd();
    console.log(`\n${title}\n${line(columns, true)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}`);
    for (const row of texts) console.log(line(row, true));
  }
  console.log('');
}

function cellText(cell: Cell): string {
  if (cell === null) return '–';
  return typeof cell === 'number' ? numberText(cell) : cell;
}

/** Three digits that count; `–` for what is no number, such as the largest of none. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}
