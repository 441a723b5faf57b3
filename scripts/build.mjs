// Builds the program into dist/, or into the folder that is named: JavaScript that runs without the development tools,
// and the dashboard beside it, in dashboard/.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root } from './install.mjs';

const out = resolve(process.argv[2] ?? join(root, 'dist'));
const program = join(out, 'cli', 'main.js');

// A folder that is not an earlier build is somebody's own.
if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(program)) {
  console.error(`${out} holds something other than a build: remove it, or name another folder`);
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
run([tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', out, '--noEmitOnError']);
chmodSync(program, 0o755);

const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
const config = join(root, 'src', 'dashboard', 'vite.config.ts');
run([vite, 'build', '--config', config, '--outDir', join(out, 'dashboard'), '--logLevel', 'warn']);
console.log(`built ${relative(process.cwd(), out) || out}`);

function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error('build failed: see above');
  process.exit(1);
}
