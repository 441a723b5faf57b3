// Owns the catalogue in SQLite.
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type Catalogue, IMAGE_KINDS, type KeptImage, type KeptName, MAX_NAMES } from './catalogue.ts';
import { inTransaction } from './transaction.ts';

type Row = Record<string, unknown>;

// The hash names a file: what stands in a row must not lead anywhere else.
const imageShape = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(IMAGE_KINDS),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** The catalogue of a database that has its tables. @throws {Error} of SQLite where it has not */
export function sqliteCatalogue(database: DatabaseSync): Catalogue {
  const allImages = database.prepare('SELECT * FROM firmware_image ORDER BY added_ms, sha256');
  const upsertImage = database.prepare(`
    INSERT INTO firmware_image
      (sha256, kind, length, file_name, content_type, facts, pinned, added_ms, offered_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sha256) DO UPDATE SET
      kind = excluded.kind, length = excluded.length, file_name = excluded.file_name,
      content_type = excluded.content_type, facts = excluded.facts, pinned = excluded.pinned,
      added_ms = excluded.added_ms, offered_ms = excluded.offered_ms`);
  const deleteImage = database.prepare('DELETE FROM firmware_image WHERE sha256 = ?');
  const updatePin = database.prepare('UPDATE firmware_image SET pinned = ? WHERE sha256 = ?');
  const updateOffered = database.prepare('UPDATE firmware_image SET offered_ms = ? WHERE sha256 = ?');
  const allNames = database.prepare(`
    SELECT name, sha256, checked_ms, used_ms, memo,
      EXISTS (SELECT 1 FROM firmware_image AS image WHERE image.sha256 = firmware_name.sha256) AS stands
    FROM firmware_name ORDER BY used_ms, name`);
  const deleteName = database.prepare('DELETE FROM firmware_name WHERE name = ?');
  const insertName = database.prepare(`
    INSERT INTO firmware_name (name, sha256, checked_ms, used_ms, memo)
    SELECT :name, :sha256, :checkedMs, :usedMs, :memo
    WHERE EXISTS (SELECT 1 FROM firmware_image WHERE sha256 = :sha256)`);
  const deleteOldestNames = database.prepare(`
    DELETE FROM firmware_name WHERE name IN (
      SELECT name FROM firmware_name WHERE name <> ? ORDER BY used_ms, name
      LIMIT max(0, (SELECT count(*) FROM firmware_name) - ${MAX_NAMES}))`);

  // Rows that could not be read. Reading does not write, since it must do with a full disk.
  const spoiltImages = new Set<string>();
  const spoiltNames = new Set<string>();

  const inOne = <T>(act: () => T): T => {
    const result = inTransaction(database, () => {
      for (const sha256 of spoiltImages) deleteImage.run(sha256);
      for (const name of spoiltNames) deleteName.run(name);
      return act();
    });
    spoiltImages.clear();
    spoiltNames.clear();
    return result;
  };
  // One statement is a transaction by itself.
  const write = <T>(act: () => T): T => (spoiltImages.size + spoiltNames.size === 0 ? act() : inOne(act));
  return {
    images: () => allImages.all().flatMap((row) => readImage(row) ?? spoilt(spoiltImages, row.sha256)),
    putImage: ({ sha256, kind, length, fileName, contentType, facts, pinned, addedMs, offeredMs }) => {
      const [said, held] = [JSON.stringify(facts), pinned ? 1 : 0];
      write(() => upsertImage.run(sha256, kind, length, fileName, contentType, said, held, addedMs, offeredMs));
    },
    removeImage: (sha256) => void write(() => deleteImage.run(sha256)),
    pin: (sha256, pinned) => write(() => updatePin.run(pinned ? 1 : 0, sha256)).changes > 0,
    offered: (sha256, nowMs) => void write(() => updateOffered.run(nowMs, sha256)),
    names: () => allNames.all().flatMap((row) => readName(row) ?? spoilt(spoiltNames, row.name)),
    putName: ({ name, sha256, checkedMs, usedMs, memo }) => {
      const text = JSON.stringify(memo) ?? 'null';
      inOne(() => {
        deleteName.run(name);
        insertName.run({ name, sha256, checkedMs, usedMs, memo: text });
        deleteOldestNames.run(name);
      });
    },
    removeName: (name) => void write(() => deleteName.run(name)),
  };
}

function spoilt(keys: Set<string>, key: unknown): [] {
  keys.add(String(key));
  return [];
}

function readImage(row: Row): KeptImage | null {
  const shape = imageShape.safeParse({ sha256: row.sha256, kind: row.kind, facts: readJson(row.facts) });
  if (!shape.success) return null;
  return {
    ...shape.data,
    length: Number(row.length),
    fileName: String(row.file_name),
    contentType: String(row.content_type),
    pinned: row.pinned !== 0,
    addedMs: Number(row.added_ms),
    offeredMs: Number(row.offered_ms),
  };
}

function readName(row: Row): KeptName | null {
  const memo = readJson(row.memo);
  if (memo === undefined || row.stands === 0) return null;
  return {
    name: String(row.name),
    sha256: String(row.sha256),
    checkedMs: Number(row.checked_ms),
    usedMs: Number(row.used_ms),
    memo,
  };
}

/** Undefined, which JSON cannot say, where the text is not JSON. */
function readJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
