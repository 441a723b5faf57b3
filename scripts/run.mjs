// Runs a program of the project on a fresh machine: installs what is missing, then starts it on the project's own Node.
// This file and those that it imports run on whatever Node is there already.
import { spawn } from 'node:child_process';
import { ensureDashboard } from './dashboard.mjs';
import { compileCache, install, projectNode } from './install.mjs';

const [program, ...args] = process.argv.slice(2);
await install();
const showsPage = program.startsWith('src/demo/') || program === 'scripts/screenshot.ts';
if (showsPage || (program.startsWith('src/cli/') && args.includes('serve'))) ensureDashboard();
const env = { ...compileCache, ...process.env };
const child = spawn(projectNode(), [program, ...args], { stdio: 'inherit', env });
// A terminal sends SIGINT to both of us, and a second one would end the gate at once.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
