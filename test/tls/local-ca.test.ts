// The local CA keeps its root, renews its leaf in time, and survives a crash between any two of its writes.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ensureLocalRoot, localCertificate, replaceLocalRoot } from '../../src/tls/local-ca.ts';
import { shakeHands } from './handshake.ts';

const DAY_MS = 86_400_000;
// Certificates tell time by the second.
const NOW = Math.floor(Date.now() / 1000) * 1000;
const LONG_NAME = `${'long-label-'.repeat(5)}x.${'another-'.repeat(4)}y.example.com`;
const NAMES = ['ota.example.com', LONG_NAME, 'localhost', '127.0.0.1', '192.168.1.5', '::1', 'fd00::5'];

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-ca-'));
  folders.push(folder);
  return folder;
}

const first = freshFolder();
const made = localCertificate(first, NAMES, NOW);

/** A copy of the first folder: RSA keys take their time. */
function usedFolder(): string {
  const folder = freshFolder();
  cpSync(join(first, 'local-ca'), join(folder, 'local-ca'), { recursive: true });
  return folder;
}

const at = (folder: string, file: string): string => join(folder, 'local-ca', file);
const startOf = (certPem: string): number => new X509Certificate(certPem).validFromDate.getTime();
const endOf = (certPem: string): number => new X509Certificate(certPem).validToDate.getTime();
const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe('the leaf', () => {
  const leaf = new X509Certificate(made.certPem);
  const root = new X509Certificate(made.rootPem);

  it('is for every name and address, and for no other', () => {
    for (const name of NAMES) {
      const found = /^[\d.]+$|:/.test(name) ? leaf.checkIP(name) : leaf.checkHost(name);
      assert.ok(found, name);
    }
    assert.equal(leaf.checkHost('evil.example.com'), undefined);
    assert.equal(leaf.checkIP('192.168.1.6'), undefined);
  });

  it('is signed by the root, for 90 days, for servers only', () => {
    assert.ok(leaf.checkIssued(root) && leaf.verify(root.publicKey));
    assert.equal(leaf.validToDate.getTime(), NOW + 90 * DAY_MS);
    assert.ok(leaf.validFromDate.getTime() <= NOW - DAY_MS);
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.deepEqual([leaf.ca, root.ca], [false, true]);
    assert.match(leaf.serialNumber, /^[0-9A-F]{2,32}$/);
  });

  it('comes without the root: whoever trusts it has it', () => {
    assert.equal(made.certPem.match(/BEGIN CERTIFICATE/g)?.length, 1);
  });

  it('ends a real handshake well, by every name, for a client that knows the root alone', async () => {
    for (const name of ['ota.example.com', LONG_NAME, '127.0.0.1']) {
      assert.equal(await shakeHands(made, name, made.rootPem), 'trusted', name);
    }
    assert.match(await shakeHands(made, 'evil.example.com', made.rootPem), /ALTNAME/);
    const stranger = localCertificate(freshFolder(), ['localhost'], NOW);
    assert.match(await shakeHands(made, 'ota.example.com', stranger.rootPem), /VERIFY|ISSUER|SIGNATURE/);
  });
});

it('keeps keys to itself', () => {
  const rights = ['', 'root.key', 'leaf.key', 'root.pem', 'leaf.pem'].map((file) => mode(at(first, file)));
  assert.deepEqual(rights, ['700', '600', '600', '644', '644']);
});

describe('another start', () => {
  it('uses what is there, for the same names, fewer, or in another order', () => {
    for (const names of [NAMES, NAMES.toReversed(), ['localhost']]) {
      const again = localCertificate(first, names, NOW + DAY_MS);
      assert.deepEqual(again, { ...made, renewed: false });
    }
  });

  it('keeps the leaf until a third of its time is left', () => {
    const folder = usedFolder();
    assert.equal(localCertificate(folder, NAMES, NOW + 60 * DAY_MS).renewed, false);
    const renewed = localCertificate(folder, NAMES, NOW + 60 * DAY_MS + 1);
    assert.deepEqual([renewed.renewed, renewed.rootPem], [true, made.rootPem]);
    assert.equal(new X509Certificate(renewed.certPem).validToDate.getTime(), NOW + 150 * DAY_MS);
    assert.equal(localCertificate(folder, NAMES, NOW + 61 * DAY_MS).certPem, renewed.certPem);
  });

  it('with a new name makes a new leaf under the same root', () => {
    const folder = usedFolder();
    const renewed = localCertificate(folder, [...NAMES, 'fw.example.com'], NOW);
    assert.deepEqual([renewed.renewed, renewed.rootPem], [true, made.rootPem]);
    assert.notEqual(renewed.keyPem, made.keyPem);
    assert.ok(new X509Certificate(renewed.certPem).checkHost('fw.example.com'));
  });

  it('makes a new root only in the last month of the old one, with which the last leaves end', () => {
    const lastMonth = NOW + (3650 - 30) * DAY_MS;
    const folder = usedFolder();
    const last = localCertificate(folder, ['localhost'], lastMonth - 1);
    assert.equal(last.rootPem, made.rootPem);
    assert.equal(endOf(last.certPem), endOf(made.rootPem));
    assert.equal(localCertificate(folder, ['localhost'], lastMonth - 1).renewed, false);
    const renewed = localCertificate(folder, ['localhost'], lastMonth);
    assert.notEqual(renewed.rootPem, made.rootPem);
    assert.ok(new X509Certificate(renewed.certPem).verify(new X509Certificate(renewed.rootPem).publicKey));
    assert.equal(localCertificate(folder, ['localhost'], lastMonth).certPem, renewed.certPem);
  });
});

describe('after a clock that was wrong for a moment', () => {
  const YEAR_MS = 365 * DAY_MS;
  /** Looked at with the clock so far off, and then right again. */
  const afterClocks = (folder: string, ...off: number[]) => {
    for (const ms of off) localCertificate(folder, NAMES, NOW + ms);
    return localCertificate(folder, NAMES, NOW);
  };

  it('a year ahead: a leaf that counts now, under the same root', () => {
    const { certPem, rootPem } = afterClocks(usedFolder(), YEAR_MS);
    assert.equal(rootPem, made.rootPem);
    assert.ok(startOf(certPem) <= NOW && endOf(certPem) === NOW + 90 * DAY_MS);
  });

  it('past the end of the root: the root that people imported is back, with a leaf that counts now', () => {
    for (const years of [[9], [11], [11, 30], [11, 30, 11]]) {
      const folder = usedFolder();
      const { certPem, rootPem } = afterClocks(folder, ...years.map((count) => count * YEAR_MS));
      assert.equal(rootPem, made.rootPem, String(years));
      assert.ok(startOf(certPem) <= NOW && new X509Certificate(certPem).verify(new X509Certificate(rootPem).publicKey));
      assert.ok(readdirSync(join(folder, 'local-ca')).length <= 6, 'one that was put aside, and no more');
    }
  });

  it('far behind: nothing is made anew, and a root that followed another one comes back with the right time', () => {
    assert.deepEqual(afterClocks(usedFolder(), -NOW), { ...made, renewed: false });
    const folder = usedFolder();
    const followed = localCertificate(folder, NAMES, NOW + 11 * YEAR_MS).rootPem;
    assert.equal(localCertificate(folder, NAMES, NOW + YEAR_MS).rootPem, made.rootPem);
    assert.equal(localCertificate(folder, NAMES, NOW + 11 * YEAR_MS).rootPem, followed);
  });

  it('keeps the key of the root that was put aside to itself', () => {
    const folder = usedFolder();
    localCertificate(folder, NAMES, NOW + 11 * YEAR_MS);
    assert.equal(mode(at(folder, 'root.old.key')), '600');
    assert.equal(readFileSync(at(folder, 'root.old.pem'), 'utf8'), made.rootPem);
  });
});

it('a root of another machine takes the place of this one, which is put aside', () => {
  const folder = usedFolder();
  const other = ensureLocalRoot(freshFolder(), NOW);
  for (let times = 0; times < 2; times += 1) replaceLocalRoot(folder, other);
  assert.equal(localCertificate(folder, NAMES, NOW).rootPem, other.certPem);
  assert.equal(readFileSync(at(folder, 'root.old.pem'), 'utf8'), made.rootPem);
});

describe('after a crash or a mishap', () => {
  const other = freshFolder();
  localCertificate(other, NAMES, NOW);

  const remade: [what: string, spoil: (folder: string) => void][] = [
    ['the key of another leaf', (folder) => copyFileSync(at(other, 'leaf.key'), at(folder, 'leaf.key'))],
    ['a leaf without its key', (folder) => unlinkSync(at(folder, 'leaf.key'))],
    ['a key without its leaf', (folder) => unlinkSync(at(folder, 'leaf.pem'))],
    ['an empty leaf', (folder) => writeFileSync(at(folder, 'leaf.pem'), '')],
    ['a key that is none', (folder) => writeFileSync(at(folder, 'leaf.key'), 'x')],
    [
      'a leaf of another root',
      (folder) => {
        for (const file of ['leaf.pem', 'leaf.key']) copyFileSync(at(other, file), at(folder, file));
      },
    ],
  ];
  for (const [what, spoil] of remade) {
    it(`${what}: a new leaf under the same root`, () => {
      const folder = usedFolder();
      spoil(folder);
      const renewed = localCertificate(folder, ['localhost'], NOW);
      assert.deepEqual([renewed.renewed, renewed.rootPem], [true, made.rootPem]);
      assert.equal(localCertificate(folder, ['localhost'], NOW).certPem, renewed.certPem);
    });
  }

  const refused: [what: string, spoil: (folder: string) => void][] = [
    ['the key of another root', (folder) => copyFileSync(at(other, 'root.key'), at(folder, 'root.key'))],
    ['a root whose key is lost', (folder) => unlinkSync(at(folder, 'root.key'))],
    ['a root that is none', (folder) => writeFileSync(at(folder, 'root.pem'), 'x')],
    ['an empty root key', (folder) => writeFileSync(at(folder, 'root.key'), '')],
  ];
  for (const [what, spoil] of refused) {
    it(`${what}: no new root behind the operator's back`, () => {
      const folder = usedFolder();
      spoil(folder);
      assert.throws(() => localCertificate(folder, NAMES, NOW), { code: 'STATE_DAMAGED', message: /local-ca/ });
      assert.deepEqual(readFileSync(at(folder, 'leaf.pem'), 'utf8'), made.certPem);
    });
  }

  it('a root key alone, as a crash at the very first start leaves it: a new root', () => {
    const folder = usedFolder();
    for (const file of ['root.pem', 'leaf.key', 'leaf.pem']) unlinkSync(at(folder, file));
    assert.equal(localCertificate(folder, ['localhost'], NOW).renewed, true);
  });
});
