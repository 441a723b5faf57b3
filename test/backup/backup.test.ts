// A backup brings everything back on an empty machine; a damaged, foreign or hostile one changes nothing.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Key } from '../../src/backup/read.ts';
import { restoreBackup } from '../../src/backup/restore.ts';
import { type Lock, writeBackup } from '../../src/backup/write.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { smallDisk } from '../rig/tmpfs.ts';

const root = mkdtempSync(join(tmpdir(), 'otagate-backup-'));
after(() => rmSync(root, { recursive: true, force: true }));

const NOW = Date.parse('2026-06-01T00:00:00Z');
const HEX = 'a'.repeat(64);

/** A machine with a configuration, a certificate that it names, and a state with an opening in it. */
function machine(name: string): { folder: string; configFile: string; stateDir: string } {
  const folder = join(root, name);
  const configFile = join(folder, 'config', 'otagate.yaml');
  const stateDir = join(folder, 'data');
  for (const each of ['config', 'certs', 'data/firmware-v1/images', 'data/local-ca', 'data/acme/le-1'])
    mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(
    configFile,
    'domain: a.example.com\nupstream: { preset: xiaozhi-full, host: 192.168.1.5 }\nalerts: { webhooks: [{ webhookFile: ../certs/hook.url }] }\n',
  );
  writeFileSync(join(folder, 'certs', 'hook.url'), 'https://hooks.example.com/x\n');
  writeFileSync(join(stateDir, 'local-ca', 'root.pem'), 'a root');
  writeFileSync(join(stateDir, 'acme', 'le-1', 'account.json'), '{}');
  writeFileSync(join(stateDir, 'admin.token'), 'token');
  writeFileSync(join(stateDir, 'firmware-v1', 'images', HEX), randomBytes(300_000));
  const state = openSqliteState(stateDir, NOW);
  state.sealKeys();
  state.audit({ atMs: NOW, what: 'reload', who: 'page', detail: 'x' });
  state.close();
  return { folder, configFile, stateDir };
}

const source = machine('source');

async function backupTo(file: string, lock: Lock = { kind: 'none' }, firmware = true) {
  const loaded = loadConfig(source.configFile, {}, NOW);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return writeBackup(loaded.config, file, { lock, firmware, version: '0.1.0', nowMs: NOW });
}

function restoreTo(file: string, name: string, options: { key?: Key; replace?: boolean; running?: boolean } = {}) {
  return restoreBackup(file, join(root, name, 'config', 'otagate.yaml'), {
    key: options.key ?? { kind: 'none' },
    replace: options.replace === true,
    nowMs: NOW,
    isRunning: async () => options.running === true,
  });
}

/** Every file below a folder: its bytes, and the rows of a database, whose file counts how often it was written. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/-(wal|shm)$/.test(entry.name),
  );
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [
        file.slice(folder.length),
        file.endsWith('.sqlite') ? rowsOf(file) : createHash('sha256').update(readFileSync(file)).digest('hex'),
      ]),
  );
}

function rowsOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const rows = tables.map(({ name, sql }) => [sql, database.prepare(`SELECT * FROM "${name}"`).all()]);
  database.close();
  return JSON.stringify(rows);
}

const sound = join(root, 'sound.tar.gz');
await backupTo(sound);

test('on an empty machine everything is there again, byte by byte, and for this user alone', async () => {
  const restored = await restoreTo(sound, 'empty');
  assert.deepEqual(contents(join(root, 'empty')), contents(source.folder));
  for (const { name, sha256 } of restored.manifest.entries.filter((entry) => entry.name.startsWith('state/'))) {
    const bytes = readFileSync(join(restored.stateDir, name.slice('state/'.length)));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, name);
  }
  assert.equal(statSync(sound).mode & 0o777, 0o600);
  assert.equal(statSync(join(restored.stateDir, 'state.sqlite')).mode & 0o777, 0o600);
  assert.equal(statSync(join(restored.stateDir, 'local-ca', 'root.pem')).mode & 0o777, 0o600);
  const state = openSqliteState(restored.stateDir, NOW);
  assert.equal(state.audited(10, null)[0]?.detail, 'x');
  state.close();
});

test('it is made while somebody writes to the state', async () => {
  const state = openSqliteState(source.stateDir, NOW);
  try {
    state.audit({ atMs: NOW, what: 'reload', who: 'page', detail: 'not in a checkpoint yet' });
    const file = join(root, 'live.tar.gz');
    await backupTo(file);
    const restored = await restoreTo(file, 'live');
    const copy = openSqliteState(restored.stateDir, NOW);
    assert.equal(copy.audited(1, null)[0]?.detail, 'not in a checkpoint yet');
    copy.close();
  } finally {
    state.close();
  }
});

test('what is there already is refused by name, and moved aside where that is asked for', async () => {
  await restoreTo(sound, 'twice');
  const before = contents(join(root, 'twice'));
  await assert.rejects(restoreTo(sound, 'twice'), {
    code: 'BACKUP_REFUSED',
    message: /otagate\.yaml.*data.*--replace/,
  });
  assert.deepEqual(contents(join(root, 'twice')), before);
  const { movedAside } = await restoreTo(sound, 'twice', { replace: true });
  assert.deepEqual(
    movedAside.map((place) => place.replace(/.*before-restore/, '')),
    Array(3).fill('-20260601T000000Z'),
  );
  for (const place of movedAside) assert.ok(existsSync(place), place);
});

test('a gate that runs there is not restored under', async () => {
  await assert.rejects(restoreTo(sound, 'running', { running: true }), {
    code: 'BACKUP_REFUSED',
    message: /stop it first/,
  });
  assert.deepEqual(Object.keys(contents(join(root, 'running'))), []);
});

test('without firmware it is small, and the images are not in it', async () => {
  const file = join(root, 'small.tar.gz');
  const { images } = await backupTo(file, { kind: 'none' }, false);
  assert.equal(images, 0);
  assert.ok(statSync(file).size < 100_000, `${statSync(file).size}`);
});

test('a passphrase closes it: another one, or none, opens nothing', async () => {
  const file = join(root, 'closed.age');
  await backupTo(file, { kind: 'passphrase', passphrase: 'correct horse' });
  assert.doesNotMatch(readFileSync(file, 'latin1'), /manifest\.json/);
  await assert.rejects(restoreTo(file, 'closed'), { code: 'BACKUP_REFUSED', message: /--passphrase-file/ });
  await assert.rejects(restoreTo(file, 'closed', { key: { kind: 'passphrase', passphrase: 'wrong' } }), {
    code: 'BACKUP_REFUSED',
  });
  await restoreTo(file, 'closed', { key: { kind: 'passphrase', passphrase: 'correct horse' } });
  assert.deepEqual(contents(join(root, 'closed')), contents(source.folder));
});

test('a key closes it for its holder alone, and one bit that turned is found', async () => {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const file = join(root, 'key.age');
  await backupTo(file, { kind: 'recipient', recipient: await identityToRecipient(identity) });
  const bytes = readFileSync(file);
  const at = bytes.length - 1000;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(root, 'key-turned.age'), bytes);
  await assert.rejects(restoreTo(join(root, 'key-turned.age'), 'key', { key: { kind: 'identity', identity } }));
  await restoreTo(file, 'key', { key: { kind: 'identity', identity } });
  assert.deepEqual(contents(join(root, 'key')), contents(source.folder));
});

test('cut or with a bit turned anywhere, it is refused as a whole', async () => {
  const bytes = readFileSync(sound);
  const plain = gunzipSync(bytes);
  const hurt: Buffer[] = [
    bytes.subarray(0, bytes.length - 9),
    bytes.subarray(0, 100),
    Buffer.alloc(0),
    Buffer.from('PK\u0003\u0004'),
  ];
  for (let n = 0; n < 40; n += 1) {
    const copy = Buffer.from(bytes);
    const at = 10 + Math.floor(((bytes.length - 20) * n) / 40);
    copy[at] = (copy[at] ?? 0) ^ (1 << (n % 8));
    hurt.push(copy);
    // The same inside of the compression, so that its own checksum does not help: past the tar's padding, all counts.
    const inner = Buffer.from(plain);
    const within = Math.floor((plain.length * n) / 40);
    inner[within] = (inner[within] ?? 0) ^ (1 << (n % 8));
    if (!inner.equals(plain)) hurt.push(gzipSync(inner, { level: 1 }));
  }
  const file = join(root, 'hurt.tar.gz');
  const taken: number[] = [];
  for (const [index, each] of hurt.entries()) {
    writeFileSync(file, each);
    const name = `hurt-${index}`;
    try {
      await restoreTo(file, name);
      taken.push(index);
      // Only padding may differ: then everything is as it was.
      assert.deepEqual(contents(join(root, name)), contents(source.folder), `${index}`);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'BACKUP_DAMAGED', String(error));
      assert.deepEqual(contents(join(root, name)), {}, `${index}`);
    }
  }
  assert.ok(taken.length < hurt.length / 4, `${taken.length} of ${hurt.length}`);
});

type Member = { name: string; body?: string; type?: 'symlink' | 'file' | 'link'; linkname?: string };

async function crafted(file: string, members: Member[]): Promise<void> {
  const archive = pack();
  for (const { name, body = '', type = 'file', linkname } of members)
    archive.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) }, body);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  writeFileSync(file, gzipSync(Buffer.concat(chunks)));
}

function manifestOf(names: string[], change: object = {}): Member {
  const sha256 = createHash('sha256').update('x').digest('hex');
  const entries = names.map((name) => ({ name, bytes: 1, sha256 }));
  const manifest = {
    format: 1,
    otagate: '1',
    stateVersion: SCHEMA_VERSION,
    made: '2026-01-01T00:00:00Z',
    files: [],
    entries,
  };
  return { name: 'manifest.json', body: JSON.stringify({ ...manifest, ...change }) };
}

const HOSTILE: [why: string, members: Member[]][] = [
  ['a name that goes up', [manifestOf(['state/../../evil'])]],
  ['an absolute name', [manifestOf(['/etc/evil'])]],
  ['a name behind a backslash', [manifestOf(['state/..\\evil'])]],
  ['a name outside of its folders', [manifestOf(['evil'])]],
  ['a name in stateDir that no backup has', [manifestOf(['state/evil'])]],
  ['a member that the manifest does not name', [manifestOf(['config.yaml']), { name: '../evil', body: 'x' }]],
  [
    'a member that comes twice',
    [manifestOf(['config.yaml']), { name: 'config.yaml', body: 'x' }, { name: 'config.yaml', body: 'x' }],
  ],
  ['a symbolic link', [manifestOf(['config.yaml']), { name: 'config.yaml', type: 'symlink', linkname: '/etc/passwd' }]],
  ['a hard link', [manifestOf(['config.yaml']), { name: 'config.yaml', type: 'link', linkname: '/etc/passwd' }]],
  ['a name that is there twice', [manifestOf(['config.yaml', 'config.yaml'])]],
  ['no configuration', [manifestOf([])]],
  ['no manifest', [{ name: 'config.yaml', body: 'x' }]],
];
for (const [why, members] of HOSTILE) {
  test(`an archive with ${why} is refused, and writes nothing anywhere`, async () => {
    const file = join(root, 'hostile.tar.gz');
    await crafted(file, members);
    const outside = contents(root);
    await assert.rejects(restoreTo(file, 'hostile/deep'), { code: 'BACKUP_DAMAGED' });
    assert.deepEqual(contents(root), outside);
  });
}

test('the state of a newer version is refused with the way out', async () => {
  const file = join(root, 'newer.tar.gz');
  await crafted(file, [manifestOf(['config.yaml'], { stateVersion: SCHEMA_VERSION + 1, format: 2, extra: true })]);
  await assert.rejects(restoreTo(file, 'newer'), { code: 'BACKUP_REFUSED', message: /newer otagate/ });
});

test('nothing is restored through a link that lies in the way', async () => {
  const folder = join(root, 'linked');
  mkdirSync(join(folder, 'config'), { recursive: true });
  mkdirSync(join(root, 'elsewhere'), { recursive: true });
  symlinkSync(join(root, 'elsewhere'), join(folder, 'certs'));
  await assert.rejects(restoreTo(sound, 'linked', { replace: true }), {
    code: 'BACKUP_REFUSED',
    message: /symbolic link/,
  });
  assert.deepEqual(readdirSync(join(root, 'elsewhere')), []);
});

test('where a later step fails, the earlier ones are taken back', async () => {
  const folder = join(root, 'half');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'certs'), 'a file where a folder belongs');
  await assert.rejects(restoreTo(sound, 'half', { replace: true }));
  assert.deepEqual(Object.keys(contents(folder)), ['/certs']);
});

test('the state goes to a disk of its own, too, even where that disk is stateDir itself', async (t) => {
  const small = smallDisk(t, 8);
  if (small === null) return;
  const disk = small.folder;
  const yaml = readFileSync(source.configFile, 'utf8');
  // In the archive alone: the source itself keeps its state where it is.
  const file = join(root, 'disk.tar.gz');
  const members: Member[] = [
    { name: 'config.yaml', body: `${yaml}stateDir: ${disk}\n` },
    { name: 'state/local-ca/root.pem', body: 'x' },
  ];
  const entries = members.map(({ name, body = '' }) => ({
    name,
    bytes: Buffer.byteLength(body),
    sha256: createHash('sha256').update(body).digest('hex'),
  }));
  await crafted(file, [manifestOf([], { entries }), ...members]);
  writeFileSync(join(disk, 'old'), 'old');
  await assert.rejects(restoreTo(file, 'disk'), { code: 'BACKUP_REFUSED' });
  const { movedAside } = await restoreTo(file, 'disk', { replace: true });
  assert.equal(readFileSync(join(disk, 'local-ca', 'root.pem'), 'utf8'), 'x');
  assert.equal(readFileSync(join(movedAside.at(-1) ?? '', 'old'), 'utf8'), 'old');
  assert.equal(readdirSync(disk).length, 2);
});

test('a file that changes while it is packed, and keeps its length, makes no backup that nobody could restore', async () => {
  const file = join(root, 'changing.tar.gz');
  const token = join(source.stateDir, 'admin.token');
  // What is packed first is large: it has been hashed by the time that the archive is there, and is not packed yet.
  const making = backupTo(file);
  const rejected = assert.rejects(making, /admin\.token changed while it was backed up/);
  const packing = (): boolean =>
    readdirSync(root).some((name) => name.startsWith('.otagate-backup-') && existsSync(join(root, name, 'archive')));
  while (!packing()) await new Promise(setImmediate);
  writeFileSync(token, 'other');
  await rejected;
  writeFileSync(token, 'token');
  assert.equal(existsSync(file), false);
});

test('files that lie elsewhere are named, not taken', async () => {
  const far = join(root, 'far', 'hook.url');
  mkdirSync(dirname(far), { recursive: true });
  writeFileSync(far, 'https://hooks.example.com/x');
  const yaml = readFileSync(source.configFile, 'utf8');
  writeFileSync(source.configFile, yaml.replace('../certs/hook.url', far));
  try {
    const file = join(root, 'far.tar.gz');
    assert.deepEqual((await backupTo(file)).leftOut, [far]);
    assert.deepEqual((await restoreTo(file, 'far-restored')).missing, [far]);
  } finally {
    writeFileSync(source.configFile, yaml);
  }
});
