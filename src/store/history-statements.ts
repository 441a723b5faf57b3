// Owns the statements of the device history, and the reading of its rows.
import type { DatabaseSync } from 'node:sqlite';
import { type DeviceRecord, type DeviceRow, type DeviceState, type Memory, newMemory } from '../ota/device-record.ts';
import type { Indexed } from './device-index.ts';
import type { DeviceEvent } from './history.ts';

type Row = Record<string, unknown>;
type Value = string | number | null;

/** @throws SQLite's error where a table or a column is not there */
export function historyStatements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text);
  return {
    everyDevice: sql('SELECT device, proven, board, version, state, last_seen_ms FROM device ORDER BY device'),
    devicesAfter: sql('SELECT * FROM device WHERE device > ? ORDER BY device LIMIT ?'),
    device: sql('SELECT * FROM device WHERE device = ?'),
    lastEntry: sql('SELECT proven, last_entry FROM device WHERE device = ?'),
    putDevice: sql('REPLACE INTO device VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    forgetDevice: sql('DELETE FROM device WHERE device = ?'),

    entry: sql('SELECT * FROM entry WHERE id = ?'),
    addEntry: sql('INSERT INTO entry (before, device, at_ms, event, detail) VALUES (?, ?, ?, ?, ?)'),
    oldestEntries: sql('SELECT id, at_ms FROM entry ORDER BY id LIMIT ?'),
    forgetEntries: sql('DELETE FROM entry WHERE id <= ?'),
    entries: sql('SELECT entries FROM entry_count'),
    setEntries: sql('UPDATE entry_count SET entries = ?'),

    claimEntries: sql('SELECT * FROM claim_entry WHERE device = ? AND id < ? ORDER BY id DESC LIMIT ?'),
    lastClaimEntry: sql('SELECT max(id) AS id FROM claim_entry WHERE device = ?'),
    addClaimEntry: sql('INSERT INTO claim_entry VALUES (?, ?, ?, ?, ?)'),
    forgetClaimEntries: sql('DELETE FROM claim_entry WHERE device = ? AND id <= ?'),

    putOutcome: sql('REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)'),
    trimOutcomes: sql(`DELETE FROM outcome WHERE device = ? AND version NOT IN
      (SELECT version FROM outcome WHERE device = ? ORDER BY at_ms DESC LIMIT ?)`),
    forgetOutcomes: sql('DELETE FROM outcome WHERE device = ?'),
    outcome: sql('SELECT board, result, because, network FROM outcome WHERE device = ? AND version = ?'),
    shares: sql(`SELECT result, because, count(*) AS devices FROM outcome
      WHERE board = ? AND version = ? GROUP BY result, because`),
    nextNetwork: sql(`SELECT network FROM outcome
      WHERE board = ? AND version = ? AND result = ? AND because = ? AND network > ? ORDER BY network LIMIT 1`),
    ofNetwork: sql(`SELECT count(*) AS devices FROM outcome
      WHERE board = ? AND version = ? AND result = ? AND because = ? AND network = ?`),
  };
}

export function readRow(row: Row): DeviceRow {
  return {
    device: String(row.device),
    board: String(row.board),
    version: String(row.version),
    client: String(row.client),
    scheme: String(row.scheme),
    firstSeenMs: Number(row.first_seen_ms),
    lastSeenMs: Number(row.last_seen_ms),
    state: row.state as DeviceState,
    offered: textOrNull(row.offered),
    why: textOrNull(row.why),
    failures: Number(row.failures),
    proven: row.proven === 1,
  };
}

export function readIndexed(row: Row): Indexed {
  return {
    device: String(row.device),
    board: String(row.board),
    version: String(row.version),
    state: row.state as DeviceState,
    lastSeenMs: Number(row.last_seen_ms),
    proven: row.proven === 1,
  };
}

export function readRecord(row: Row): DeviceRecord {
  return { ...readRow(row), memory: readMemory(row.memory) };
}

/** The columns of `device` in their order. */
export function writeRecord(record: DeviceRecord, lastEntry: number | null): Value[] {
  const { device, board, version, client, scheme, firstSeenMs, lastSeenMs, state, offered, why, failures } = record;
  const proven = record.proven ? 1 : 0;
  const memory = JSON.stringify(record.memory);
  return [
    ...[device, proven, board, version, client, scheme, firstSeenMs, lastSeenMs, state],
    ...[offered, why, failures, memory, lastEntry],
  ];
}

export function readEvent(row: Row): DeviceEvent {
  return {
    id: Number(row.id),
    atMs: Number(row.at_ms),
    event: String(row.event),
    detail: JSON.parse(String(row.detail)) as DeviceEvent['detail'],
  };
}

/** A memory that cannot be read costs what was going on, and nothing else. */
function readMemory(text: unknown): Memory {
  try {
    const memory = { ...newMemory(), ...(JSON.parse(String(text)) as Partial<Memory>) };
    // An older otagate wrote no networks.
    const { failed, attempt, upgrade } = memory;
    return {
      ...memory,
      failed: Array.isArray(failed) ? failed : [],
      attempt: attempt === null ? null : { ...attempt, networks: attempt.networks ?? [] },
      upgrade: upgrade === null ? null : { ...upgrade, network: upgrade.network ?? '' },
    };
  } catch {
    return newMemory();
  }
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : String(value);
}
