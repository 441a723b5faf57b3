// Owns what SQLite's errors say of a file: that it is damaged, or that it is well and cannot be worked on, and the next step.

// The low byte of a code is its kind (sqlite.org/rescode.html). SQLITE_ERROR is a table or column that is not there.
const DAMAGED = [1, 11, 26]; // ERROR, CORRUPT, NOTADB
const HELD = [5, 6]; // BUSY, LOCKED
const NO_ROOM = [10, 13]; // IOERR, of which a full disk makes many kinds, and FULL
const NO_RIGHT = [8, 14]; // READONLY, CANTOPEN

/** Whether the file is broken, and not only in use, or on a disk that is full. */
export function saysDamage(error: unknown): boolean {
  return isOf(error, DAMAGED);
}

/** Whether the disk took nothing more, as far as SQLite can tell. */
export function saysNoRoom(error: unknown): boolean {
  return isOf(error, NO_ROOM);
}

/** What is to be done; `ifDamaged` where nothing but another file helps. */
export function nextStep(error: unknown, ifDamaged: string): string {
  if (isOf(error, HELD)) return 'another process holds it: end that one, then try again';
  if (isOf(error, NO_ROOM) || isOf(error, NO_RIGHT) || isOfSystem(error))
    return 'leave it where it is: make room on its disk, or let this user write it and its folder';
  return ifDamaged;
}

/** Whether SQLite said it. */
export function isOfSqlite(error: unknown): boolean {
  return kindOf(error) !== null;
}

function isOf(error: unknown, kinds: readonly number[]): boolean {
  const kind = kindOf(error);
  return kind !== null && kinds.includes(kind);
}

function kindOf(error: unknown): number | null {
  const { errcode } = error instanceof Error ? (error as Error & { errcode?: unknown }) : {};
  return typeof errcode === 'number' ? errcode & 0xff : null;
}

function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
