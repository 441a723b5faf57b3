// Owns the results of the comparison: kept by scenario, so that one alone can be measured anew, and set as a page.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from '../scenarios/scenario.ts';
import { median, spreadText } from './spread.ts';
import { numberText, type Table } from './table.ts';

export type Machine = {
  cpus: number;
  cpu: string;
  kernel: string;
  node: string;
  openssl: string;
  nginx: string;
  measured: string;
};

export type Kept = { machine: Machine; rows: Row[]; notes: string[] };

const FOLDER = new URL('../results/', import.meta.url);
const JSON_FILE = fileURLToPath(new URL('latest.json', FOLDER));
const PAGE = fileURLToPath(new URL('latest.md', FOLDER));

/** The figures as a table; what misses its bar says so. */
export function comparison(title: string, rows: readonly Row[]): Table {
  return {
    title,
    columns: ['scenario', 'unit', 'otagate', 'nginx', 'ratio', 'bar', 'aim', 'verdict'],
    rows: rows.map((row) => [
      row.what,
      row.unit,
      spreadText(row.otagate),
      row.nginx.length === 0 ? null : spreadText(row.nginx),
      row.nginx.length === 0 ? null : median(row.otagate) / median(row.nginx),
      row.bar === null ? null : `≤ ${numberText(row.bar)}${row.judged === 'otagate' ? ` ${row.unit}` : ' ×'}`,
      row.aim === null ? null : `≤ ${numberText(row.aim)}${row.judged === 'otagate' ? ` ${row.unit}` : ' ×'}`,
      verdict(row),
    ]),
  };
}

function verdict({ judged, otagate, nginx, bar, aim }: Row): string {
  if (judged === null || bar === null) return '';
  const value = judged === 'ratio' ? median(otagate) / median(nginx) : median(otagate);
  if (Number.isNaN(value)) return 'not measured';
  if (aim !== null && value <= aim) return 'aim';
  return value <= bar ? 'bar' : 'missed';
}

/** Takes the results of one scenario in the place of its earlier ones, and writes the page anew. */
export function keepResults(scenario: string, kept: Kept, order: readonly string[]): void {
  const all = { ...readKept(), [scenario]: kept };
  mkdirSync(dirname(JSON_FILE), { recursive: true });
  writeFileSync(JSON_FILE, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(PAGE, page(all, order));
}

function readKept(): Record<string, Kept> {
  try {
    return JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Record<string, Kept>;
  } catch {
    return {};
  }
}

function page(all: Readonly<Record<string, Kept>>, order: readonly string[]): string {
  const names = order.filter((name) => all[name] !== undefined);
  const { columns, rows } = comparison(
    '',
    names.flatMap((name) => all[name]?.rows ?? []),
  );
  const cell = (value: unknown): string => (typeof value === 'number' ? numberText(value) : String(value ?? '–'));
  const line = (cells: readonly unknown[]): string => `| ${cells.map(cell).join(' | ')} |`;
  const machines = new Set(names.map((name) => machineLine(all[name]?.machine)));
  const notes = names.flatMap((name) => all[name]?.notes ?? []);
  return `# otagate beside nginx

Written by \`npm run bench\`. Medians of the rounds, with the smallest and the largest; one worker each where nothing else is said, in turns, the same P-256 certificate, the same upstream, the same record sizes. CPU is that of the whole process tree (of otagate: control and gate). Bars and aims are for the ratio to nginx, or, with a unit, for otagate's own figure.

${line(columns)}
${line(columns.map(() => '---'))}
${rows.map(line).join('\n')}

${[...machines].map((text) => `- ${text}`).join('\n')}
${[...new Set(notes)].map((note) => `- ${note}`).join('\n')}
`;
}

function machineLine(machine: Machine | undefined): string {
  if (machine === undefined) return '';
  const { cpus, cpu, kernel, node, openssl, nginx, measured } = machine;
  return `${cpus} CPUs (${cpu}), Linux ${kernel}; Node ${node} with OpenSSL ${openssl}; nginx ${nginx}; otagate run from ${measured}`;
}
