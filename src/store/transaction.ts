// Owns transactions: several writes of which all are kept or none.
import type { DatabaseSync } from 'node:sqlite';

/** Runs `act` in a transaction that holds the write lock from its start. What `act` throws undoes it all. */
export function inTransaction<T>(database: DatabaseSync, act: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = act();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already undone it by itself after some errors, such as a full disk.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
