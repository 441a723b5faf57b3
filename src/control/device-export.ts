// Owns the export of devices: as CSV for a spreadsheet, as JSON for a program. Pure: line by line, as rows come.
import type { DeviceRow } from '../ota/device-record.ts';

type Cell = string | number | boolean | null;

const COLUMNS: readonly [name: string, read: (row: DeviceRow) => Cell][] = [
  ['device', (row) => row.device],
  ['board', (row) => row.board],
  ['version', (row) => row.version],
  ['state', (row) => row.state],
  ['offered', (row) => row.offered],
  ['why', (row) => row.why],
  ['failures', (row) => row.failures],
  ['proven', (row) => row.proven],
  ['client', (row) => row.client],
  ['scheme', (row) => row.scheme],
  ['firstSeen', (row) => isoTime(row.firstSeenMs)],
  ['lastSeen', (row) => isoTime(row.lastSeenMs)],
];

// What a spreadsheet takes for the beginning of a formula, in both widths; blanks and quotes before it do not help.
const FORMULA = /^[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** RFC 4180: a header line, a line for each device, each with CRLF. Names come from devices: none of them can be a formula. */
export function* devicesCsv(rows: Iterable<DeviceRow>): Generator<string> {
  yield csvLine(COLUMNS.map(([name]) => name));
  for (const row of rows) yield csvLine(COLUMNS.map(([, read]) => read(row)));
}

/** One JSON array, a line for each device, as the admin API gives them. */
export function* devicesJson(rows: Iterable<DeviceRow>): Generator<string> {
  let before = '[\n';
  for (const row of rows) {
    yield before + JSON.stringify(row);
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

/** Cells as RFC 4180 wants them, none of them a formula, with CRLF. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** ISO 8601 in UTC; empty for what is no time. */
export function isoTime(ms: number): string {
  // A clock that is far off must not cost the export.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : '';
}
