// Owns device histories of the control process to test with, in folders of their own, and what they logged.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { pino } from 'pino';
import { DeviceHistory, type HistoryOptions } from '../../src/control/history.ts';
import type { DeviceQuery } from '../../src/store/history.ts';

type Line = { event: string; msg: string; place?: string; held?: number; dropped?: number };
type Rig = { history: DeviceHistory; file: string; lines: Line[]; events: () => string[] };

export const EVERY: DeviceQuery = {
  search: '',
  board: '',
  version: '',
  state: '',
  sort: 'device',
  order: 'asc',
  offset: 0,
  limit: 100,
};

const folders: string[] = [];
const opened: DeviceHistory[] = [];
after(() => {
  for (const history of opened) history.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-history-'));
  folders.push(folder);
  return folder;
}

export function start(options: Partial<HistoryOptions> = {}): Rig {
  const stateDir = options.stateDir ?? freshFolder();
  const lines: Line[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  const history = new DeviceHistory({ stateDir, log, ...options });
  opened.push(history);
  return { history, file: join(stateDir, 'history.sqlite'), lines, events: () => lines.map(({ event }) => event) };
}

/** What another process finds in the file. */
export function devicesIn(file: string): number {
  const database = new DatabaseSync(file);
  const { count } = database.prepare('SELECT count(*) AS count FROM device').get() ?? {};
  database.close();
  return Number(count);
}

export function run(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}
