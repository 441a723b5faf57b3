// Tokens in their files, and the sessions that they begin.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GateError } from '../../src/base/errors.ts';
import { MAX_SESSIONS, SESSION_LIFE_MS, Sessions } from '../../src/control/admin/sessions.ts';
import { Tokens } from '../../src/control/admin/tokens.ts';

describe('tokens', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'otagate-tokens-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();

  it('are made at the first start: two of 256 bits, for this user alone', () => {
    const tokens = new Tokens(folder);
    for (const name of ['admin.token', 'admin-read.token']) {
      assert.match(read(name), /^[\w-]{43}$/);
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    }
    assert.equal(tokens.roleOf(read('admin.token')), 'admin');
    assert.equal(tokens.roleOf(read('admin-read.token')), 'read');
  });

  it('stay the same over a restart, and private', () => {
    new Tokens(folder);
    const before = read('admin.token');
    chmodSync(join(folder, 'admin.token'), 0o644);
    assert.equal(new Tokens(folder).roleOf(before), 'admin');
    assert.equal(statSync(join(folder, 'admin.token')).mode & 0o777, 0o600);
  });

  it('are told from what is none', () => {
    const tokens = new Tokens(folder);
    const right = read('admin.token');
    for (const wrong of ['', right.slice(1), `${right} `, `${right}x`, right.toLowerCase(), 'x'.repeat(1_000_000)])
      assert.equal(tokens.roleOf(wrong), null);
  });

  it('are made anew by rotation, on the disk as well; the old ones are worth nothing', () => {
    const tokens = new Tokens(folder);
    const before = { admin: read('admin.token'), read: read('admin-read.token') };
    const { generation } = tokens;
    tokens.rotate();
    assert.equal(tokens.roleOf(before.admin), null);
    assert.equal(tokens.roleOf(before.read), null);
    assert.notEqual(tokens.generation, generation);
    assert.equal(tokens.roleOf(read('admin.token')), 'admin');
    assert.equal(new Tokens(folder).roleOf(read('admin-read.token')), 'read');
  });

  it('that somebody put there by hand count, unless they are too short or none at all', () => {
    writeFileSync(join(folder, 'admin.token'), `${'my-own-token-'.repeat(3)}\n`);
    assert.equal(new Tokens(folder).roleOf('my-own-token-'.repeat(3)), 'admin');
    for (const bad of ['', 'short', `two words ${'x'.repeat(40)}`, 'x'.repeat(201)]) {
      writeFileSync(join(folder, 'admin.token'), bad);
      assert.throws(
        () => new Tokens(folder),
        (error) => error instanceof GateError && error.code === 'STATE_DAMAGED',
      );
    }
  });
});

describe('sessions', () => {
  let now = 0;
  const sessions = new Sessions(() => now);

  it('last twelve hours, and not a moment longer', () => {
    const { id, session } = sessions.begin('read');
    now += SESSION_LIFE_MS - 1;
    assert.equal(sessions.find(id), session);
    now += 1;
    assert.equal(sessions.find(id), null);
    assert.equal(sessions.isCurrent(session), false);
  });

  it('have a token of their own against forged requests', () => {
    const [one, other] = [sessions.begin('admin').session, sessions.begin('admin').session];
    assert.ok(one.guards(one.csrf));
    for (const wrong of [other.csrf, '', undefined, `${one.csrf}x`]) assert.equal(one.guards(wrong), false);
  });

  it('end by themselves when there are too many: the oldest goes', () => {
    sessions.endAll();
    const first = sessions.begin('admin');
    const second = sessions.begin('admin');
    for (let more = 2; more <= MAX_SESSIONS; more += 1) sessions.begin('read');
    assert.equal(sessions.size, MAX_SESSIONS);
    assert.equal(sessions.find(first.id), null);
    assert.equal(sessions.find(second.id), second.session);
  });

  it('end one by one, and all at once', () => {
    const [one, other] = [sessions.begin('admin'), sessions.begin('admin')];
    sessions.end(one.session);
    assert.deepEqual([sessions.find(one.id), sessions.isCurrent(one.session)], [null, false]);
    assert.equal(sessions.find(other.id), other.session);
    sessions.endAll();
    assert.deepEqual([sessions.size, sessions.isCurrent(other.session)], [0, false]);
  });
});
