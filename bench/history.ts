// Measures the device history with as much in it as it may hold: its questions, its writes, its sweeps, its start.
import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Observations, type Observed } from '../src/control/history-batch.ts';
import type { Observation } from '../src/ota/device-record.ts';
import { observe } from '../src/ota/outcome.ts';
import { type DeviceQuery, HISTORY_BOUNDS, type History, type HistoryChange } from '../src/store/history.ts';
import { openSqliteHistory } from '../src/store/sqlite-history.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { largest, quantile } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';

const SPEC = {
  name: 'history',
  about: 'questions to a device history that is full, what is written to it, and its start',
  deadlineMs: 20 * 60_000,
  options: {
    devices: { default: '100000', about: 'devices that have proved themselves' },
    claims: { default: '10000', about: 'devices that have only checked' },
    entries: { default: '10000000', about: 'entries in all timelines' },
    rounds: { default: '20', about: 'measurements of each' },
  },
};

const COLUMNS = ['what', 'median ms', 'max ms', 'CPU median ms', 'max ms'];
const STARTED_MS = Date.UTC(2026, 0, 1);
const BOARDS = Array.from({ length: 70 }, (_, at) => `board-${at}-esp32s3`);
const VERSIONS = Array.from({ length: 25 }, (_, at) => `2.${at % 5}.${at}`);
const EVERY: DeviceQuery = {
  search: '',
  board: '',
  version: '',
  state: '',
  sort: 'lastSeen',
  order: 'desc',
  offset: 0,
  limit: 100,
};

async function measure(bench: Bench): Promise<Report> {
  const [devices, claims, entries] = [bench.number('devices'), bench.number('claims'), bench.number('entries')];
  const file = join(bench.folder, 'history.sqlite');
  const bounds = { ...HISTORY_BOUNDS, proven: devices, claims, entries };
  bench.say(`writing ${devices} devices and ${claims} claims`);
  const first = openSqliteHistory(file, bounds);
  writeDevices(first, devices + claims, devices);
  first.close();
  bench.say(`writing ${entries} entries`);
  writeEntries(file, devices, entries);

  const rows: Cell[][] = [];
  const time = (what: string, work: (round: number) => void): void => {
    const times: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < bench.number('rounds'); round += 1) {
      const [startMs, before] = [performance.now(), process.cpuUsage()];
      work(round);
      times.push(performance.now() - startMs);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1000);
    }
    rows.push([what, quantile(times, 0.5), largest(times), quantile(cpu, 0.5), largest(cpu)]);
  };
  const held = process.memoryUsage().rss;
  const openedMs = performance.now();
  const history = openSqliteHistory(file, bounds);
  const openMs = performance.now() - openedMs;
  const notes = [
    `${(statSync(file).size / 1e6).toFixed(0)} MB on disk; opened in ${openMs.toFixed(0)} ms, ${((process.memoryUsage().rss - held) / 1e6).toFixed(0)} MB more memory`,
  ];
  const list = (what: string, query: Partial<DeviceQuery>): void =>
    time(`list: ${what}`, () => history.list({ ...EVERY, ...query }));
  list('the first page', {});
  list('a page in the middle', { offset: devices / 2 });
  list('the last page', { offset: devices + claims - 100 });
  for (const sort of ['device', 'board', 'version'] as const) list(`by ${sort}`, { sort, order: 'asc' });
  list('search that finds none', { search: 'zzzz' });
  list('search that finds most', { search: 'e', offset: devices / 2 });
  list('search for a part of a device', { search: '7f:3' });
  list('search for a version', { search: '2.3', sort: 'version' });
  list('one board and state', { board: BOARDS[3] ?? '', state: 'upgraded', sort: 'device' });
  const nth = (round: number): string => deviceName(((round + 1) * 7919) % devices);
  time('one row', (round) => history.row(nth(round)));
  time('timeline: the newest 100', (round) => history.timeline(nth(round), { before: null, limit: 100 }));
  time('timeline: the page behind', (round) => {
    const before = history.timeline(nth(round), { before: null, limit: 20 }).at(-1)?.id ?? null;
    history.timeline(nth(round), { before, limit: 20 });
  });
  time('share of a version', (round) => history.share(BOARDS[round % 70] ?? '', VERSIONS[round % 25] ?? ''));
  time('share of a version that half of all have', () => history.share('all', '9.9.9'));

  let nowMs = STARTED_MS + 86_400_000;
  const observations = new Observations();
  const batch = (round: number, of: (at: number) => Observed): void => {
    nowMs += 1000;
    history.write(
      observations.changesOf(
        history,
        Array.from({ length: 100 }, (_, at) => of(round * 100 + at)),
      ),
    );
  };
  time('write: 100 checks of known devices', (round) =>
    batch(round, (at) => ({ device: deviceName((at * 7919) % devices), seen: check(at, nowMs, 'offered'), own: true })),
  );
  time('write: 100 downloads', (round) =>
    batch(round, (at) => ({ device: deviceName((at * 104729) % devices), seen: ended(at, nowMs), own: true })),
  );
  time('write: 100 new claims, old ones go', (round) =>
    batch(round, (at) => ({ device: `claim-${at}`, seen: check(at, nowMs, 'none'), own: true })),
  );
  time('write: 100 newly proven, old ones go', (round) =>
    batch(round, (at) => ({ device: `new-${at}`, seen: ended(at, nowMs), own: true })),
  );
  time('sweep: 500 entries', () => history.sweep(nowMs + 400 * 86_400_000, 500));
  const exportedMs = performance.now();
  let exported = 0;
  for (const _ of history.rows()) exported += 1;
  notes.push(`all ${exported} rows for an export: ${(performance.now() - exportedMs).toFixed(0)} ms`);
  notes.push(`in the end: ${JSON.stringify(history.counts())}`);
  history.close();
  return { tables: [{ title: 'device history', columns: COLUMNS, rows }], notes, faults: [] };
}

function deviceName(at: number): string {
  // A permutation: devices do not come in the order of their names.
  const hex = (Math.imul(at, 2654435761) >>> 0).toString(16).padStart(8, '0');
  return `a4:cf:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6)}`;
}

function clientOf(at: number): string {
  return `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
}

function check(at: number, atMs: number, offer: 'none' | 'offered'): Observation {
  const version = VERSIONS[at % 25] ?? '';
  return {
    kind: 'check',
    atMs,
    client: clientOf(at),
    scheme: 'https',
    board: BOARDS[at % 70] ?? '',
    version,
    elfSha256: 'c0ffee'.padEnd(64, '0'),
    offer: offer === 'none' ? { kind: 'none' } : { kind: 'offered', version: '9.9.9', forced: false, sealed: true },
  };
}

function ended(at: number, atMs: number): Observation {
  return {
    kind: 'download-ended',
    atMs,
    startedMs: atMs - 900,
    download: `r-${at}`,
    client: clientOf(at),
    link: { version: '9.9.9', board: BOARDS[at % 70] ?? '', sealed: true },
    offset: 0,
    bytes: 3_000_000,
    length: 3_000_000,
    complete: true,
    gapMs: 120,
    code: null,
  };
}

function writeDevices(history: History, count: number, proven: number): void {
  for (let from = 0; from < count; from += 1000) {
    const changes: HistoryChange[] = [];
    for (let at = from; at < Math.min(count, from + 1000); at += 1) {
      const device = deviceName(at);
      const { record } = observe(null, device, check(at, STARTED_MS + ((at * 7919) % 1_000_003), 'none'));
      const { client } = record;
      const board = at % 2 === 0 ? 'all' : record.board;
      const version = at % 2 === 0 ? '9.9.9' : record.version;
      const result = at % 9 === 0 ? 'failed' : 'upgraded';
      const because = at % 9 === 0 ? 'refused' : null;
      const outcome = { version, board, result, because, client, atMs: STARTED_MS, network: client } as const;
      const state = at % 5 === 0 ? 'upgraded' : 'up-to-date';
      changes.push({
        record: { ...record, state, proven: at < proven },
        entries: [],
        outcomes: at < proven ? [outcome] : [],
      });
    }
    history.write(changes);
  }
}

/** Straight into the table: entry by entry through the history would take as long as it takes in the field. */
function writeEntries(file: string, devices: number, entries: number): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const add = database.prepare(
    'INSERT INTO entry (id, before, device, at_ms, event, detail) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const detail = JSON.stringify({
    version: '2.0.1',
    bytes: 3_000_000,
    length: 3_000_000,
    complete: true,
    code: null,
    gapMs: 120,
  });
  const names = Array.from({ length: devices }, (_, at) => deviceName(at));
  for (let id = 1; id <= entries; id += 1) {
    const name = names[(id - 1) % devices] ?? '';
    add.run(id, id > devices ? id - devices : null, name, STARTED_MS + id, 'download-ended', detail);
  }
  const last = database.prepare('UPDATE device SET last_entry = ? WHERE device = ?');
  for (let id = Math.max(1, entries - devices + 1); id <= entries; id += 1)
    last.run(id, names[(id - 1) % devices] ?? '');
  database.prepare('UPDATE entry_count SET entries = ?').run(entries);
  database.exec('COMMIT');
  database.close();
  // What was written here must not be flushed by what is measured.
  const handle = openSync(file, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

await runProgram(SPEC, measure);
