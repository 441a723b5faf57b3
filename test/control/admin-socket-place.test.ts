// Where the Unix sockets are, also where stateDir is too deep for one.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { findAdminSocket, placeSocket } from '../../src/control/admin/socket-place.ts';

describe('the sockets', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'otagate-place-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const deep = (): string => {
    const stateDir = join(folder, 'd'.repeat(120));
    mkdirSync(stateDir);
    return stateDir;
  };

  it('are in stateDir', () => {
    assert.equal(placeSocket(folder, 'admin'), join(folder, 'admin.sock'));
    assert.equal(placeSocket(folder, 'public-admin'), join(folder, 'public-admin.sock'));
    assert.equal(findAdminSocket(folder), join(folder, 'admin.sock'));
  });

  it('are in the run-time directory where that path is too long, and are found from there', () => {
    const stateDir = deep();
    const env = { XDG_RUNTIME_DIR: join(folder, 'run') };
    const [admin, outside] = [placeSocket(stateDir, 'admin', env), placeSocket(stateDir, 'public-admin', env)];
    assert.match(admin, /\/run\/otagate-[0-9a-f]{16}\.sock$/);
    assert.match(outside, /\/run\/otagate-[0-9a-f]{16}-public-admin\.sock$/);
    assert.equal(findAdminSocket(stateDir), admin);
    assert.equal(statSync(join(folder, 'run')).mode & 0o777, 0o700);
  });

  it('are not put into a place that is no folder of ours', () => {
    const stateDir = deep();
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'run'));
    const env = { XDG_RUNTIME_DIR: join(folder, 'run') };
    assert.throws(() => placeSocket(stateDir, 'admin', env), { code: 'STATE_DIR' });
    assert.equal(existsSync(join(stateDir, 'admin.path')), false);
  });

  it('are found anew after stateDir was moved to a shorter place', () => {
    const stateDir = deep();
    placeSocket(stateDir, 'admin', { XDG_RUNTIME_DIR: join(folder, 'run') });
    assert.notEqual(findAdminSocket(stateDir), join(stateDir, 'admin.sock'));
    const shorter = join(folder, 'short');
    renameSync(stateDir, shorter);
    placeSocket(shorter, 'admin');
    assert.equal(findAdminSocket(shorter), join(shorter, 'admin.sock'));
  });
});
