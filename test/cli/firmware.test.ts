// The firmware store and certificates by command: tables, hints, what goes to which stream, and exit codes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AdminActions } from '../../src/control/admin/actions.ts';
import type { FirmwareList, ListedImage } from '../../src/firmware/operations.ts';
import { adminFor, otagate } from './command-line.ts';

const APP: ListedImage = {
  sha256: 'ab'.repeat(32),
  kind: 'app',
  length: 2_345_678,
  fileName: 'xiaozhi-1.9.0.bin',
  contentType: 'application/octet-stream',
  facts: { project: 'xiaozhi', version: '1.9.0', chip: 'ESP32-S3' },
  pinned: true,
  addedMs: 1,
  offeredMs: 1,
  checked: true,
  current: true,
};
const MERGED: ListedImage = {
  ...APP,
  sha256: 'cd'.repeat(32),
  kind: 'merged',
  fileName: 'all\u001b[2J.bin',
  facts: {},
  pinned: false,
  checked: false,
  current: false,
};
const LIST: FirmwareList = {
  images: [APP, MERGED],
  fills: [{ id: '1', fileName: 'next.bin', have: 1_500_000, length: null }],
  bytes: 4_691_356,
  maxBytes: 2_000_000_000,
  totals: { hits: 3, joined: 1, revalidations: 0, stale: 0, fills: 2, failedFills: 0, upstreamBytes: 0 },
};

function store(actions: Partial<AdminActions['firmware']>): Partial<AdminActions> {
  const unwanted = (): never => assert.fail('nobody asks for this');
  const all = { list: () => LIST, fileOf: unwanted, add: unwanted, fetch: unwanted, warm: unwanted };
  return { firmware: { ...all, verify: unwanted, purge: unwanted, pin: unwanted, extract: unwanted, ...actions } };
}

test('the store in columns, in both languages', async (t) => {
  const { config } = await adminFor(t, store({}));
  const { stdout } = await otagate(['firmware', 'list', '-c', config]);
  assert.equal(
    stdout.replaceAll(/ {2,}/g, '  '),
    `SHA-256  KIND  FILE  MB  IMAGE  MARKS
abababababab  app  xiaozhi-1.9.0.bin  2.3  xiaozhi 1.9.0 for ESP32-S3  pinned, current
cdcdcdcdcdcd  merged  all\\x1b[2J.bin  2.3  not looked at yet
  fetching  next.bin  1.5 / ?
4.7 of 2000.0 MB; since the start: 2 fetched, 4 served without fetching
`,
  );
  const chinese = await otagate(['firmware', 'list', '-c', config], { language: 'zh' });
  assert.match(chinese.stdout, /应用 +xiaozhi-1\.9\.0\.bin .* xiaozhi 1\.9\.0，ESP32-S3 +已固定、当前\n/);
});

test('a merged image that was added comes with the way to use it', async (t) => {
  const add: AdminActions['firmware']['add'] = async (bytes) => {
    for await (const _ of bytes);
    return MERGED;
  };
  const { rig, config } = await adminFor(t, store({ add }));
  const file = join(rig.folder, 'all.bin');
  writeFileSync(file, 'all');
  const { code, stdout, stderr } = await otagate(['firmware', 'add', file, '-c', config]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^added: cdcdcdcdcdcd {2}merged .*\nno device can .*`otagate firmware extract cdcdcdcdcdcd`/);
  for (const missing of [join(rig.folder, 'nowhere.bin'), rig.folder]) {
    const ran = await otagate(['firmware', 'add', missing, '-c', config]);
    assert.deepEqual([ran.code, ran.stdout], [1, '']);
    assert.ok(ran.stderr.startsWith(`${missing} cannot be read: `), ran.stderr);
  }
});

test('a long operation tells its steps, and ends with 1 where one failed', async (t) => {
  const { config } = await adminFor(
    t,
    store({
      async *warm() {},
      async *verify() {
        yield { step: 'bytes', have: 1, length: 2 };
        yield { step: 'well', what: 'a', detail: 'its bytes are right' };
        yield { step: 'failed', what: 'b', detail: 'changed\u0007' };
      },
    }),
  );
  const verify = await otagate(['firmware', 'verify', '-c', config]);
  assert.deepEqual(verify, {
    code: 1,
    stdout: 'ok      a: its bytes are right\nfailed  b: changed\\x07\n',
    stderr: '',
  });
  const json = await otagate(['firmware', 'verify', '--json', '-c', config]);
  assert.deepEqual([json.code, JSON.parse(json.stdout).length, json.stderr], [1, 2, '']);
  const nothing = await otagate(['firmware', 'warm', '-c', config]);
  assert.match(nothing.stdout, /^there is nothing to do/);
});

test('what was cut out is written where it was asked for; what cannot be written is told', async (t) => {
  const content = Buffer.alloc(300_000, 'app');
  const { rig, config } = await adminFor(
    t,
    store({
      extract: async () => ({ ...APP, length: content.length }),
      fileOf: () => ({ image: { ...APP, length: content.length }, file: join(rig.folder, 'stored') }),
    }),
  );
  writeFileSync(join(rig.folder, 'stored'), content);
  const output = join(rig.folder, 'app.bin');
  const well = await otagate(['firmware', 'extract', 'abab', '-o', output, '-c', config]);
  assert.deepEqual([well.code, well.stderr], [0, '']);
  assert.match(well.stdout, new RegExp(`^extracted: abababababab .*\nwritten to ${output}\n$`));
  assert.deepEqual(readFileSync(output), content);
  const nowhere = join(rig.folder, 'no', 'app.bin');
  const refused = await otagate(['firmware', 'extract', 'abab', '-o', nowhere, '-c', config]);
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.ok(refused.stderr.startsWith(`${nowhere} cannot be written: ENOENT`), refused.stderr);
});

test('a renewal that failed in part tells both, each on its stream', async (t) => {
  const { config } = await adminFor(t, {
    renew: async () => ({ kept: ['a.test', 'b.test'], renewed: ['a.test (rsa)'], faults: ['b.test (rsa): no'] }),
  });
  const ran = await otagate(['certs', 'renew', '-c', config]);
  assert.deepEqual(ran, { code: 1, stdout: 'renewed: a.test (rsa)\n', stderr: 'failed: b.test (rsa): no\n' });
});
