// Owns the place of the admin socket: both the running gate and the command line find it from stateDir alone.
import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

// The kernel's sun_path holds 104 to 108 bytes, depending on the system.
const MAX_SOCKET_PATH = 100;

/** `stateDir/admin.sock`; where that is too long for a socket, a hashed name in a private folder of the run-time directory. */
export function adminSocketPath(stateDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const path = join(stateDir, 'admin.sock');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
  const folder = env.XDG_RUNTIME_DIR ?? join(tmpdir(), `otagate-${userInfo().uid}`);
  return join(folder, `otagate-${name}.sock`);
}
