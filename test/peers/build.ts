// Owns building the peers that are written in C: once for each state of their source, into a folder of this user.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FLAGS = ['-O1', '-Wall', '-Wextra', '-Werror'];

/**
 * The program built from `test/peers/NAME.c`; built anew where source or libraries to link have changed.
 * @throws {Error} with the compiler's words
 */
export function buildPeer(name: string, libraries: readonly string[], flags: readonly string[] = []): string {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const args = [...FLAGS, ...flags, source, ...libraries.map((library) => `-l${library}`)];
  const key = createHash('sha256').update(readFileSync(source)).update(args.join(' ')).digest('hex').slice(0, 16);
  const folder = cacheFolder();
  const program = join(folder, `${name}-${key}`);
  if (existsSync(program)) return program;
  // Several test files may build at once: each in a folder of its own, and the last rename wins with the same bytes.
  const own = mkdtempSync(join(folder, 'build-'));
  try {
    execFileSync('gcc', [...args, '-o', join(own, name)], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });
    renameSync(join(own, name), program);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return program;
}

/** Nobody else may put a program there that a test would run. */
function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || (existsSync(homedir()) ? join(homedir(), '.cache') : tmpdir());
  const folder = join(base, 'otagate-peers');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return folder;
}
