// Owns openings, the audit trail and the latest time seen, in the SQLite file of the state.
import type { DatabaseSync } from 'node:sqlite';
import type { AuditEntry, KeptOpening, State } from './state.ts';

/** Past this number, the oldest entries of the audit trail go. */
export const MAX_AUDIT = 10_000;
const SWEEP_EVERY = 100;

type Part = Pick<
  State,
  | 'openings'
  | 'addOpening'
  | 'noteOpening'
  | 'removeOpening'
  | 'markClosed'
  | 'closedMarks'
  | 'audit'
  | 'audited'
  | 'seenTime'
  | 'seeTime'
>;

export function sqliteOpenings(database: DatabaseSync): Part {
  let written = 0;
  return {
    openings: () => database.prepare('SELECT * FROM opening ORDER BY opened_ms, id').all().map(readOpening),
    addOpening: (opening) => {
      const { id, route, from, openedMs, startMs, untilMs, reason, openedBy, closeAfter } = opening;
      database
        .prepare(
          `INSERT INTO opening
            (id, route, networks, opened_ms, start_ms, until_ms, reason, opened_by, close_devices, close_idle_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          id,
          route,
          from.join(' '),
          openedMs,
          startMs,
          untilMs,
          reason,
          openedBy,
          closeAfter.devices,
          closeAfter.idleMs,
        );
    },
    noteOpening: (id, upgraded, lastUsedMs) =>
      void database
        .prepare('UPDATE opening SET upgraded = ?, last_used_ms = ? WHERE id = ?')
        .run(upgraded, lastUsedMs, id),
    removeOpening: (id) => void database.prepare('DELETE FROM opening WHERE id = ?').run(id),
    markClosed: (id, untilMs, now) => {
      database.prepare('DELETE FROM closed_mark WHERE until_ms <= ?').run(now);
      database.prepare('INSERT OR REPLACE INTO closed_mark (opening, until_ms) VALUES (?, ?)').run(id, untilMs);
    },
    closedMarks: (now) => {
      const rows = database.prepare('SELECT opening FROM closed_mark WHERE until_ms > ?').all(now);
      return new Set(rows.map((row) => String(row.opening)));
    },
    audit: ({ atMs, what, who, detail }) => {
      database.prepare('INSERT INTO audit (at_ms, what, who, detail) VALUES (?, ?, ?, ?)').run(atMs, what, who, detail);
      written += 1;
      if (written % SWEEP_EVERY === 1)
        database.prepare('DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?').run(MAX_AUDIT);
    },
    audited: (limit, beforeId) =>
      database
        .prepare('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?')
        .all(beforeId ?? Number.MAX_SAFE_INTEGER, limit)
        .map(readAudit),
    seenTime: () => {
      const row = database.prepare('SELECT * FROM seen_time').get();
      if (row === undefined) return null;
      return {
        nowMs: Number(row.now_ms),
        bootId: row.boot_id === null ? null : String(row.boot_id),
        uptimeMs: Number(row.uptime_ms),
      };
    },
    seeTime: ({ nowMs, bootId, uptimeMs }) =>
      void database
        .prepare('INSERT OR REPLACE INTO seen_time (one, now_ms, boot_id, uptime_ms) VALUES (1, ?, ?, ?)')
        .run(nowMs, bootId, uptimeMs),
  };
}

function readAudit(row: Record<string, unknown>): AuditEntry {
  const { id, at_ms, what, who, detail } = row;
  return { id: Number(id), atMs: Number(at_ms), what: String(what), who: String(who), detail: String(detail) };
}

function readOpening(row: Record<string, unknown>): KeptOpening {
  const networks = String(row.networks);
  return {
    id: String(row.id),
    route: String(row.route),
    from: networks === '' ? [] : networks.split(' '),
    openedMs: Number(row.opened_ms),
    startMs: numberOrNull(row.start_ms),
    untilMs: Number(row.until_ms),
    reason: String(row.reason),
    openedBy: String(row.opened_by),
    closeAfter: { devices: numberOrNull(row.close_devices), idleMs: numberOrNull(row.close_idle_ms) },
    upgraded: Number(row.upgraded),
    lastUsedMs: numberOrNull(row.last_used_ms),
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
