// Owns reading a backup: into a folder of its own, and only as a whole.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { readAtMost } from '../base/bounded-body.ts';
import { errorText, GateError } from '../base/errors.ts';
import { SCHEMA_VERSION } from '../store/migrations.ts';
import { damaged, refused } from './backup-error.ts';
import { type Entry, MANIFEST, MAX_MANIFEST_BYTES, type Manifest, manifestSchema, rightsOf } from './manifest.ts';

/** What opens a backup that is closed: a passphrase, or an identity (`AGE-SECRET-KEY-1…`). */
export type Key =
  | { kind: 'none' }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'identity'; identity: string };

const AGE_MARK = 'age-encryption.org/v1';

/**
 * Unpacks `file` into `folder`, which must be empty, and checks every byte of it.
 * @throws {GateError} BACKUP_DAMAGED, BACKUP_REFUSED; what was unpacked until then is for nobody to use
 */
export async function readBackup(file: string, folder: string, key: Key): Promise<Manifest> {
  const unpacking = new Unpacking(file, folder);
  const archive = extract();
  archive.on('entry', (header, stream, next) => {
    unpacking.take(header, stream).then(
      () => next(),
      (error) => archive.destroy(error),
    );
  });
  try {
    await pipeline(await opened(file, key), createGunzip(), archive);
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw damaged(file, errorText(error), error);
  }
  return unpacking.finish();
}

class Unpacking {
  readonly #file: string;
  readonly #folder: string;
  #manifest: Manifest | null = null;
  #missing = new Map<string, Entry>();

  constructor(file: string, folder: string) {
    this.#file = file;
    this.#folder = folder;
  }

  async take(header: Header, stream: AsyncIterable<unknown>): Promise<void> {
    if (header.type !== 'file')
      throw damaged(this.#file, `it holds a ${String(header.type)}, and a backup holds files alone`);
    if (this.#manifest === null) {
      if (header.name !== MANIFEST) throw damaged(this.#file, 'it does not begin with its manifest');
      const { bytes, whole } = await readAtMost(stream as AsyncIterable<Buffer>, MAX_MANIFEST_BYTES);
      if (!whole) throw new TypeError('its manifest is too large');
      this.#manifest = this.#read(bytes);
      this.#missing = new Map(this.#manifest.entries.map((entry) => [entry.name, entry]));
      if (this.#missing.size !== this.#manifest.entries.length)
        throw damaged(this.#file, 'its manifest names a file twice');
      return;
    }
    // The name of the manifest counts, which was judged; so nothing is ever written outside of the folder.
    const entry = this.#missing.get(header.name);
    if (entry === undefined)
      throw damaged(this.#file, 'it holds a file that its manifest does not name, or holds it twice');
    if (header.size !== entry.bytes)
      throw damaged(this.#file, `${entry.name} has another length than its manifest says`);
    this.#missing.delete(entry.name);
    await this.#unpack(entry, rightsOf(entry.name, header.mode ?? 0o600), stream);
  }

  finish(): Manifest {
    if (this.#manifest === null) throw damaged(this.#file, 'it is empty');
    const [first] = this.#missing.keys();
    if (first !== undefined) throw damaged(this.#file, `${first} is missing in it`);
    return this.#manifest;
  }

  #read(bytes: Buffer): Manifest {
    let raw: unknown;
    try {
      raw = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      throw damaged(this.#file, 'its manifest is not JSON', error);
    }
    const stateVersion =
      typeof raw === 'object' && raw !== null && 'stateVersion' in raw ? Number(raw.stateVersion) : 0;
    if (stateVersion > SCHEMA_VERSION) {
      throw refused(
        `${this.#file} has version ${stateVersion} of the state, this otagate knows ${SCHEMA_VERSION}: restore it with the newer otagate`,
      );
    }
    const parsed = manifestSchema.safeParse(raw);
    if (!parsed.success)
      throw damaged(this.#file, 'its manifest has another form, or names a place outside of the backup');
    return parsed.data;
  }

  async #unpack(entry: Entry, mode: number, stream: AsyncIterable<unknown>): Promise<void> {
    const place = join(this.#folder, ...entry.name.split('/'));
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform: (chunk: Buffer, _, done) => {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(stream, hashing, createWriteStream(place, { flags: 'wx', mode, flush: true }));
    if (hash.digest('hex') !== entry.sha256)
      throw damaged(this.#file, `the bytes of ${entry.name} are not those that were written`);
  }
}

async function opened(file: string, key: Key): Promise<Readable> {
  const isLocked = await beginsWith(file, AGE_MARK);
  if (!isLocked) return createReadStream(file);
  if (key.kind === 'none')
    throw refused(`${file} is encrypted: give --passphrase-file, or --identity-file with the key that it was made for`);
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  try {
    if (key.kind === 'passphrase') decrypter.addPassphrase(key.passphrase);
    else decrypter.addIdentity(key.identity);
    const plain = await decrypter.decrypt(Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>);
    return Readable.fromWeb(plain as Parameters<typeof Readable.fromWeb>[0]);
  } catch (error) {
    throw refused(`${file} cannot be opened with this key (${errorText(error)}): was it made with another one?`);
  }
}

async function beginsWith(file: string, mark: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mark.length), 0, mark.length, 0);
    return bytesRead === mark.length && buffer.toString('latin1') === mark;
  } finally {
    await handle.close();
  }
}
