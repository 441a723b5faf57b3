// Keeps a build of the dashboard for a gate that runs from its sources; one that is built has its own in dist/dashboard.
import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectNode, root } from './install.mjs';

const source = join(root, 'src', 'dashboard');
const kept = join(root, 'node_modules', '.cache', 'otagate-dashboard');

/** Builds it where it is missing or older than its sources. A build that fails is told, and costs the page alone. */
export function ensureDashboard() {
  if (modifiedMs(source) === 0) return; // an installed package has no sources, and its page beside it
  const builtMs = modifiedMs(join(kept, 'index.html'));
  const files = readdirSync(source, { recursive: true }).map((file) => join(source, file));
  if (builtMs > Math.max(modifiedMs(join(root, 'package-lock.json')), ...files.map(modifiedMs))) return;
  const fresh = `${kept}-${process.pid}`;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--config', join(source, 'vite.config.ts'), '--outDir', fresh, '--logLevel', 'warn'];
  const { status } = spawnSync(projectNode(), args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) return console.error('the dashboard could not be built: the gate runs without its page');
  rmSync(kept, { recursive: true, force: true });
  renameSync(fresh, kept);
}

function modifiedMs(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
