// Owns a build of the dashboard for tests: of the source as it is now, in a folder of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LONGEST_MS = 60_000;

/** The folder with `index.html`, and what removes it. @throws {Error} with what Vite says where it does not build */
export async function buildDashboard(): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-dashboard-'));
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--config', 'src/dashboard/vite.config.ts', '--outDir', folder, '--logLevel', 'warn'];
  await promisify(execFile)(process.execPath, args, { cwd: root, timeout: LONGEST_MS });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
