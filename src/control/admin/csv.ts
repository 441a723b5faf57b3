// Owns rows as CSV (RFC 4180), safe to open in a spreadsheet.

/**
 * One record with its line end. A text that a spreadsheet would take for a formula gets an apostrophe in front: boards
 * and versions are what devices call themselves.
 */
export function csvRecord(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(cell).join(',')}\r\n`;
}

function cell(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
