// Owns what is kept of rollouts, in the SQLite file of the state.
import type { DatabaseSync } from 'node:sqlite';
import { type KeptFleet, type KeptRollout, MAX_FLEETS, MAX_ROLLOUTS, type RolloutStore } from './rollout-store.ts';
import { inTransaction } from './transaction.ts';

// A rollout has as many members as its waves let in: no more devices than there are.
const MAX_MEMBERS = 1_000_000;

export function sqliteRollouts(database: DatabaseSync): RolloutStore {
  const count = (name: string): number =>
    Number(database.prepare('SELECT count(*) AS members FROM rollout_member WHERE rollout = ?').get(name)?.members);
  return {
    all: async () =>
      database
        .prepare('SELECT kept FROM rollout ORDER BY started_ms, name')
        .all()
        .map(({ kept }) => JSON.parse(String(kept)) as KeptRollout),
    put: async (kept) => {
      database
        .prepare('INSERT OR REPLACE INTO rollout (name, started_ms, kept) VALUES (?, ?, ?)')
        .run(kept.name, kept.startedMs, JSON.stringify(kept));
      database
        .prepare('DELETE FROM rollout WHERE name NOT IN (SELECT name FROM rollout ORDER BY started_ms DESC LIMIT ?)')
        .run(MAX_ROLLOUTS);
    },
    remove: async (name) =>
      inTransaction(database, () => {
        database.prepare('DELETE FROM rollout WHERE name = ?').run(name);
        database.prepare('DELETE FROM rollout_member WHERE rollout = ?').run(name);
      }),
    admit: async (name, device, limit) =>
      inTransaction(database, () => {
        const known = database.prepare('SELECT 1 FROM rollout_member WHERE rollout = ? AND device = ?');
        if (known.get(name, device) !== undefined) return true;
        if (count(name) >= Math.min(limit, MAX_MEMBERS)) return false;
        database.prepare('INSERT INTO rollout_member (rollout, device) VALUES (?, ?)').run(name, device);
        return true;
      }),
    members: async (name) => count(name),
    memberNames: async (name) =>
      database
        .prepare('SELECT device FROM rollout_member WHERE rollout = ?')
        .all(name)
        .map(({ device }) => String(device)),
    fleets: async () => database.prepare('SELECT * FROM fleet ORDER BY since_ms').all().map(readFleet),
    putFleet: async ({ board, from, to, sinceMs }) => {
      database
        .prepare('INSERT OR REPLACE INTO fleet (board, came_from, goes_to, since_ms) VALUES (?, ?, ?, ?)')
        .run(board, from, to, sinceMs);
      database
        .prepare('DELETE FROM fleet WHERE board NOT IN (SELECT board FROM fleet ORDER BY since_ms DESC LIMIT ?)')
        .run(MAX_FLEETS);
    },
  };
}

function readFleet(row: Record<string, unknown>): KeptFleet {
  const { board, came_from, goes_to, since_ms } = row;
  return { board: String(board), from: String(came_from), to: String(goes_to), sinceMs: Number(since_ms) };
}
