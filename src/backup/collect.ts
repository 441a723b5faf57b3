// Owns what goes into a backup: the configuration, the files that it names, and what stateDir holds, each as it is at one moment.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/config.ts';
import { CONFIG, DATABASES, type Entry, FOLDERS, IMAGES, rightsOf, STATE, TOKENS } from './manifest.ts';
import { type NamedFiles, namedFiles } from './named-files.ts';

/** An entry, the file that its bytes are read from, and the rights that it is to have again. */
export type Source = Entry & { from: string; mode: number };

export type Collected = { sources: Source[]; files: NamedFiles['files'] };

/** What stateDir holds is private, whoever may read it where it lies. */
const PRIVATE = 0o600;

/**
 * Looks up what there is. Databases are copied to `staging` first, so that a gate that writes to them does not matter.
 * Images are left out where `firmware` is false: they come again from the upstream. `file` is what the backup will be.
 */
export async function collect(
  config: Config,
  { staging, file, firmware }: { staging: string; file: string; firmware: boolean },
): Promise<Collected> {
  const { stateDir } = config;
  const sources = [await describe(CONFIG, config.file, PRIVATE)];
  const plain = [
    ...TOKENS.filter((name) => existsSync(join(stateDir, name))),
    ...[...FOLDERS, ...(firmware ? [IMAGES] : [])].flatMap((folder) => filesBelow(stateDir, folder)),
  ];
  const named = namedFiles(config, new Set([...plain, ...DATABASES]), file);
  for (const [name, { from, mode }] of named.taken) sources.push(await describe(name, from, mode));
  for (const name of DATABASES) {
    if (!existsSync(join(stateDir, name))) continue;
    await copyDatabase(join(stateDir, name), join(staging, name));
    sources.push(await describe(`${STATE}${name}`, join(staging, name), PRIVATE));
  }
  for (const name of plain) sources.push(await describe(`${STATE}${name}`, join(stateDir, name), PRIVATE));
  return { sources, files: named.files };
}

async function copyDatabase(from: string, to: string): Promise<void> {
  const database = new DatabaseSync(from, { readOnly: true });
  try {
    // In steps, so that whoever writes to it is not held up.
    await backup(database, to, { rate: 1_000 });
  } finally {
    database.close();
  }
}

function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

async function describe(name: string, from: string, mode: number): Promise<Source> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(from), hash);
  return { name, from, mode: rightsOf(name, mode), bytes: statSync(from).size, sha256: hash.digest('hex') };
}
