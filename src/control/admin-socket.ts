// Owns the place of the admin socket: in stateDir, or, where that path is too long for one, where a file there says.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';

// The kernel's sun_path holds 104 to 108 bytes, depending on the system.
const MAX_SOCKET_PATH = 100;

/**
 * Where the gate listens: `stateDir/admin.sock`, or a hashed name under the run-time directory. The command line may
 * run as another user with another run-time directory, so that place is written down in stateDir.
 */
export function placeAdminSocket(stateDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const path = join(stateDir, 'admin.sock');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
  const folder = env.XDG_RUNTIME_DIR ?? join(tmpdir(), `otagate-${userInfo().uid}`);
  const placed = join(folder, `otagate-${name}.sock`);
  writeFileAtomic(join(stateDir, 'admin.path'), placed);
  return placed;
}

/** Where the command line finds it. */
export function findAdminSocket(stateDir: string): string {
  try {
    return readFileSync(join(stateDir, 'admin.path'), 'utf8').trim();
  } catch {
    return join(stateDir, 'admin.sock');
  }
}
