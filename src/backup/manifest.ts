// Owns the manifest of a backup: what is in it, by name, length and SHA-256, and which names there may be.
import { z } from 'zod';

/** The format of the archive: a tar, gzipped, whose first member is the manifest. */
export const FORMAT = 1;
export const MANIFEST = 'manifest.json';
/** The folder beside the file in which it is made begins so. Who is killed leaves it behind. */
export const STAGING = '.otagate-backup-';

/** The configuration itself, files that it names, and what stateDir holds. */
export const CONFIG = 'config.yaml';
export const FILES = 'files/';
export const STATE = 'state/';

/** What stateDir holds beside the databases. Sockets, partial files and what an open database keeps beside it stay out. */
export const FOLDERS = ['acme', 'certificates', 'local-ca'];
export const TOKENS = ['admin.token', 'admin-read.token'];
export const DATABASES = ['state.sqlite', 'history.sqlite'];
export const IMAGES = 'firmware-v1/images';

// A store of 1 TiB in the smallest images would have more; nobody has.
const MAX_ENTRIES = 200_000;
// As many as stand in a configuration of 1 MiB, and what is left out of its folders.
const MAX_NAMED = 200_000;
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/**
 * A name that stays below the folder that it is put into: plain parts with one slash between them, none of which goes
 * up, is hidden behind a backslash or a drive, or would be another file where case does not count.
 */
export function isPlainName(name: string): boolean {
  if (name.length > 500 || /[\\:\p{Cc}]/u.test(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255);
}

/**
 * The rights of an entry: those of the file that it was, as far as they give nobody else the right to write to it. What is
 * not named by the configuration is private.
 */
export function rightsOf(name: string, mode: number): number {
  return name.startsWith(FILES) ? (mode & 0o755) | 0o600 : 0o600;
}

/** Nothing but what a backup puts there: a file of another name in stateDir could mean something one day. */
function isOfState(name: string): boolean {
  if (!name.startsWith(STATE)) return false;
  const within = name.slice(STATE.length);
  if (DATABASES.includes(within) || TOKENS.includes(within)) return true;
  return [...FOLDERS, IMAGES].some((folder) => within.startsWith(`${folder}/`));
}

const entrySchema = z.strictObject({
  name: z
    .string()
    .refine(isPlainName)
    .refine((name) => name === CONFIG || name.startsWith(FILES) || isOfState(name)),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Entry = z.infer<typeof entrySchema>;

export const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  otagate: z.string().max(50),
  /** The version of the state's schema: a newer one than is known here cannot be restored. */
  stateVersion: z.number().int().positive(),
  made: z.iso.datetime(),
  /**
   * For each file and folder that the configuration names: its absolute path where the backup was made, and the entry, or
   * what the entries of the folder begin with; null where it was left out, also for a part of a folder.
   */
  files: z.array(z.strictObject({ written: z.string().max(4_096), entry: z.string().nullable() })).max(MAX_NAMED),
  entries: z.array(entrySchema).max(MAX_ENTRIES),
});
export type Manifest = z.infer<typeof manifestSchema>;
