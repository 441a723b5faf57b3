// Owns what goes into a backup: the configuration, the files that it names, and what stateDir holds, each as it is at one moment.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/config.ts';
import { CONFIG, DATABASES, type Entry, FILES, FOLDERS, IMAGES, isPlainName, STATE, TOKENS } from './manifest.ts';

/** An entry, and the file that its bytes are read from. */
export type Source = Entry & { from: string };

export type Collected = {
  sources: Source[];
  files: { written: string; entry: string | null }[];
};

/**
 * Looks up what there is. Databases are copied to `staging` first, so that a gate that writes to them does not matter.
 * Images are left out where `firmware` is false: they come again from the upstream.
 */
export async function collect(config: Config, staging: string, firmware: boolean): Promise<Collected> {
  const { stateDir } = config;
  const sources = [await describe(CONFIG, config.file)];
  const files: Collected['files'] = [];
  const base = dirname(dirname(config.file));
  for (const file of namedFiles(config)) {
    const within = relative(base, file);
    const outside = within.startsWith('..') || isAbsolute(within);
    const name = `${FILES}${within.split(sep).join('/')}`;
    const taken = !outside && isPlainName(name) && existsSync(file);
    files.push({ written: file, entry: taken ? name : null });
    if (taken) sources.push(await describe(name, file));
  }
  for (const name of DATABASES) {
    if (!existsSync(join(stateDir, name))) continue;
    await copyDatabase(join(stateDir, name), join(staging, name));
    sources.push(await describe(`${STATE}${name}`, join(staging, name)));
  }
  const plain = [
    ...TOKENS.filter((name) => existsSync(join(stateDir, name))),
    ...FOLDERS.flatMap((folder) => filesBelow(stateDir, folder)),
  ];
  for (const name of plain) sources.push(await describe(`${STATE}${name}`, join(stateDir, name)));
  if (firmware) {
    for (const name of filesBelow(stateDir, IMAGES))
      sources.push(await describe(`${STATE}${name}`, join(stateDir, name)));
  }
  return { sources, files };
}

/** Absolute paths of the files that a configuration names: certificates, keys, secrets, roots. Each once. */
function namedFiles(config: Config): string[] {
  const { acme, certificates } = config.tls;
  const found = [
    ...certificates.flatMap((each) => ('pkcs12' in each ? [each.pkcs12] : [each.cert, each.key])),
    ...(acme?.caFile == null ? [] : [acme.caFile]),
    ...Object.values(config.secretSources).flatMap((source) => ('file' in source ? [source.file] : [])),
  ];
  return [...new Set(found.map((file) => resolve(file)))].filter((file) => file !== config.file);
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

async function describe(name: string, from: string): Promise<Source> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(from), hash);
  return { name, from, bytes: statSync(from).size, sha256: hash.digest('hex') };
}
