// Owns writing a backup: one private file, whole or not there at all.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import type { Config } from '../config/config.ts';
import { SCHEMA_VERSION } from '../store/migrations.ts';
import { collect, type Source } from './collect.ts';
import { FORMAT, MANIFEST, type Manifest, STAGING } from './manifest.ts';

/** How a backup is closed to others, beside the rights of its file. Both as `age` does it (age-encryption.org/v1). */
export type Lock =
  | { kind: 'none' }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'recipient'; recipient: string };

export type Made = { entries: number; bytes: number; images: number; leftOut: string[] };

/**
 * Writes a backup of a configuration and its state to `file`, mode 600. A gate that runs goes on meanwhile.
 * @throws {Error} with the system's code; what was at `file` before is then still there
 */
export async function writeBackup(
  config: Config,
  file: string,
  options: { lock: Lock; firmware: boolean; version: string; nowMs: number },
): Promise<Made> {
  const staging = await mkdtemp(join(dirname(file), STAGING));
  const temporary = join(staging, 'archive');
  try {
    const { sources, files } = await collect(config, { staging, file, firmware: options.firmware });
    const manifest: Manifest = {
      format: FORMAT,
      otagate: options.version,
      stateVersion: SCHEMA_VERSION,
      made: new Date(options.nowMs).toISOString(),
      files,
      entries: sources.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
    };
    const handle = await open(temporary, 'wx', 0o600);
    const archive = pack();
    // Images are compressed already, as far as they can be.
    const packed = pipeline(archive, createGzip({ level: 1 }) as Transform, async (bytes: AsyncIterable<Buffer>) => {
      const sealed = await lockedBy(options.lock, Readable.from(bytes));
      await sealed.pipeTo(Writable.toWeb(handle.createWriteStream({ flush: true })));
    });
    const filled = fill(archive, manifest, sources);
    await Promise.all([packed, filled.catch((error: unknown) => archive.destroy(error as Error))]);
    await filled;
    await rename(temporary, file);
    const leftOut = files.filter(({ entry }) => entry === null).map(({ written }) => written);
    const images = sources.filter(({ name }) => name.includes('/images/')).length;
    return { entries: sources.length, bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0), images, leftOut };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function fill(archive: Pack, manifest: Manifest, sources: readonly Source[]): Promise<void> {
  const text = Buffer.from(JSON.stringify(manifest));
  await member(archive, { name: MANIFEST, bytes: text.length }, Readable.from([text]));
  for (const source of sources) {
    const packed = await member(archive, source, createReadStream(source.from));
    // Another length is found by the archive; a restore would refuse either.
    if (packed !== source.sha256) throw new Error(`${source.from} changed while it was backed up`);
  }
  archive.finalize();
}

async function member(
  archive: Pack,
  { name, bytes, mode = 0o600 }: Pick<Source, 'name' | 'bytes'> & { mode?: number },
  from: Readable,
): Promise<string> {
  const entry = archive.entry({ name, size: bytes, mode });
  const hash = createHash('sha256');
  const hashing = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(from, hashing, entry);
  return hash.digest('hex');
}

async function lockedBy(lock: Lock, bytes: Readable): Promise<ReadableStream<Uint8Array>> {
  const plain = Readable.toWeb(bytes) as ReadableStream<Uint8Array>;
  if (lock.kind === 'none') return plain;
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if (lock.kind === 'passphrase') encrypter.setPassphrase(lock.passphrase);
  else encrypter.addRecipient(lock.recipient);
  return encrypter.encrypt(plain);
}
