// Owns the places of the Unix sockets: in stateDir, or, where that path is too long for one, where a file there says.
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { GateError } from '../../base/errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../../base/files.ts';

/** `admin`: the command line's way in, with full rights. `public-admin`: the gates' way, for what came from outside. */
export type SocketName = 'admin' | 'public-admin';

// The kernel's sun_path holds 104 to 108 bytes, depending on the system.
const MAX_SOCKET_PATH = 100;

/**
 * Where a socket is to be: `stateDir/NAME.sock`, or a hashed name under the run-time directory. Others may run as
 * another user with another run-time directory, so that place is written down in stateDir.
 * @throws {GateError} STATE_DIR where somebody else's folder stands in that place
 */
export function placeSocket(stateDir: string, name: SocketName, env: NodeJS.ProcessEnv = process.env): string {
  const path = join(stateDir, `${name}.sock`);
  const note = join(stateDir, `${name}.path`);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) {
    rmSync(note, { force: true }); // of a time when this folder had a longer path
    return path;
  }
  const { uid } = userInfo();
  const folder = env.XDG_RUNTIME_DIR ?? join(tmpdir(), `otagate-${uid}`);
  ensurePrivateFolder(folder);
  // Anybody can make a folder of this name in /tmp first, and would then own the way to the gate.
  const found = lstatSync(folder);
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) {
    throw new GateError('STATE_DIR', `${folder} belongs to somebody else: set XDG_RUNTIME_DIR, or a shorter stateDir`, {
      fault: 'gate',
    });
  }
  const hash = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
  const placed = join(folder, `otagate-${hash}${name === 'admin' ? '' : `-${name}`}.sock`);
  writeFileAtomic(note, placed);
  return placed;
}

/** Where the command line finds the running gate. */
export function findAdminSocket(stateDir: string): string {
  try {
    return readFileSync(join(stateDir, 'admin.path'), 'utf8').trim();
  } catch {
    return join(stateDir, 'admin.sock');
  }
}
