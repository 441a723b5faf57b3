// Owns histories to test with, and the short words for what is written to them.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { type DeviceRecord, newMemory } from '../../src/ota/device-record.ts';
import {
  type CountedOutcome,
  type DeviceQuery,
  HISTORY_BOUNDS,
  type History,
  type HistoryBounds,
  type HistoryChange,
} from '../../src/store/history.ts';
import { openSqliteHistory } from '../../src/store/sqlite-history.ts';
import { freshFolder } from './fresh-folder.ts';

export const NOW = Date.UTC(2026, 11, 1);
const opened: History[] = [];
after(() => {
  for (const history of opened) history.close();
});

export function freshFile(): string {
  return join(freshFolder(), 'history.sqlite');
}

export function open(bounds: Partial<HistoryBounds> = {}, file = freshFile()): History {
  const history = openSqliteHistory(file, { ...HISTORY_BOUNDS, ...bounds });
  opened.push(history);
  return history;
}

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

export const record = (device: string, more: Partial<DeviceRecord> = {}): DeviceRecord => ({
  device,
  board: 'kevin',
  version: '2.0.0',
  client: '192.0.2.1',
  scheme: 'https',
  firstSeenMs: NOW,
  lastSeenMs: NOW,
  state: 'failed',
  offered: '2.0.1',
  why: 'the device left',
  failures: 2,
  proven: true,
  memory: { ...newMemory(), failing: '2.0.1' },
  ...more,
});

/** A change with entries that are called by these numbers, at NOW and so many ms. */
export function change(device: string, numbers: number[] = [], more: Partial<DeviceRecord> = {}): HistoryChange {
  const entries = numbers.map((number) => ({ atMs: NOW + number, event: `e${number}`, detail: { number } }));
  return { record: record(device, more), entries, outcomes: [] };
}

export const events = (
  history: History,
  device: string,
  page = { before: null as number | null, limit: 100 },
): string =>
  history
    .timeline(device, page)
    .map(({ event }) => event)
    .join(' ');

/** All devices by name. */
export function devices(history: History): string {
  const { devices: found, total } = history.list(EVERY);
  const { proven, claims } = history.counts();
  if (total !== found.length || total !== proven + claims) throw new Error(`${total} devices, ${found.length} rows`);
  return found.map(({ device }) => device).join(' ');
}

export const CLAIM = { proven: false };

export function outcome(more: Partial<CountedOutcome> = {}): CountedOutcome {
  return {
    version: '2.0.1',
    board: 'kevin',
    result: 'upgraded',
    because: null,
    client: '192.0.2.1',
    network: '192.0.2.1',
    atMs: NOW,
    ...more,
  };
}

export const failed = (more: Partial<CountedOutcome> = {}): CountedOutcome =>
  outcome({ result: 'failed', because: 'refused', ...more });

export function run(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

export function rows(file: string, table: string): number {
  const database = new DatabaseSync(file);
  const { count } = database.prepare(`SELECT count(*) AS count FROM ${table}`).get() ?? {};
  database.close();
  return Number(count);
}
