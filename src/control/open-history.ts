// Owns the opening of the device history: one that cannot be read is moved aside, since nothing depends on it.
import { join } from 'node:path';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { HISTORY_BOUNDS, type History, type HistoryBounds } from '../store/history.ts';
import { isDamage, moveAside } from '../store/history-file.ts';
import { openSqliteHistory } from '../store/sqlite-history.ts';

/** For what is kept in memory. */
export const SMALL_BOUNDS: HistoryBounds = { ...HISTORY_BOUNDS, proven: 5_000, claims: 1_000, entries: 50_000 };

/** Never throws: where no file can be used, the history is kept in memory. */
export function openHistory(stateDir: string, log: Log, bounds: HistoryBounds): History {
  const file = join(stateDir, 'history.sqlite');
  try {
    return openSqliteHistory(file, bounds);
  } catch (error) {
    return isDamage(error) ? reopenHistory(stateDir, log, bounds, error) : inMemory(file, log, error);
  }
}

/** Moves aside what has proved damaged, and begins afresh. Never throws. */
export function reopenHistory(stateDir: string, log: Log, bounds: HistoryBounds, damage: unknown): History {
  const file = join(stateDir, 'history.sqlite');
  try {
    const place = moveAside(file);
    log.error(
      { event: 'history-damaged', place, detail: errorText(damage) },
      `${file} cannot be read (${errorText(damage)}): it is now ${place}, and the device history begins afresh`,
    );
    return openSqliteHistory(file, bounds);
  } catch (error) {
    return inMemory(file, log, error);
  }
}

function inMemory(file: string, log: Log, error: unknown): History {
  log.error(
    { event: 'history-in-memory', detail: errorText(error) },
    `${file} cannot be used (${errorText(error)}): the device history is kept in memory until the next start`,
  );
  return openSqliteHistory(':memory:', SMALL_BOUNDS);
}
