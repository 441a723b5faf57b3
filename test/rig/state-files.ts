// Owns the look through a stateDir: whether every file in it is whole.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What cannot be read, one line each. `databases` are looked into where nothing has them open. */
export function brokenFiles(stateDir: string, { databases = false } = {}): string[] {
  return readdirSync(stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const file = join(entry.parentPath, entry.name);
      try {
        read(file, databases);
        return [];
      } catch (error) {
        return [`${file}: ${String(error)}`];
      }
    });
}

function read(file: string, databases: boolean): void {
  const ending = /\.[a-z-]+$/.exec(file)?.[0];
  switch (ending) {
    // Not yet what it is to become: written under this name first, and never read.
    case '.tmp':
      return;
    case '.key':
      createPrivateKey(readFileSync(file));
      return;
    case '.pem': {
      const text = readFileSync(file, 'utf8');
      const certificate = new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE')));
      if (text.includes('PRIVATE KEY') && !certificate.checkPrivateKey(createPrivateKey(text))) {
        throw new Error('key and certificate do not belong together');
      }
      return;
    }
    case '.token':
      if (readFileSync(file, 'utf8').trim().length < 40) throw new Error('no token');
      return;
    case '.url':
      if (!URL.canParse(readFileSync(file, 'utf8').trim())) throw new Error('no URL');
      return;
    case '.db':
    case '.sqlite':
      if (databases) checkDatabase(file);
      return;
    case '.db-wal':
    case '.db-shm':
    case '.sqlite-wal':
    case '.sqlite-shm':
      return; // a part of the database, which reads them itself
    default:
      throw new Error('nobody knows this kind of file');
  }
}

function checkDatabase(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const [row] = database.prepare('PRAGMA integrity_check').all();
    if (row?.integrity_check !== 'ok') throw new Error(JSON.stringify(row));
  } finally {
    database.close();
  }
}
