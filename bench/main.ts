// Lists the measuring programs and runs one of them, or all in turn: `npm run bench -- NAME [options]`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAMS: Readonly<Record<string, string>> = {
  'cold-herd': 'devices that check and download within one second, with nothing in the cache',
  'cached-download': 'CPU for each MB of a cached image',
  'slow-readers': 'memory for a thousand slow readers',
  'voice-beside-downloads': 'frames of a conversation that come in time beside downloads on the same line',
  'kill-fill': 'kill -9 of everything at random moments of a fill',
};

const [name, ...options] = process.argv.slice(2);
const chosen =
  name === 'all' ? Object.keys(PROGRAMS) : name !== undefined && Object.hasOwn(PROGRAMS, name) ? [name] : [];
if (chosen.length === 0) {
  const list = Object.entries(PROGRAMS).map(([program, about]) => `  ${program.padEnd(24)} ${about}`);
  const usage = `npm run bench -- NAME [--help] [--json] [options]\n\n${list.join('\n')}\n  ${'all'.padEnd(24)} one after another`;
  if (name === undefined) console.log(usage);
  else console.error(`no program is called ${name}\n\n${usage}`);
  process.exit(name === undefined ? 0 : 2);
}
let running: ChildProcess | null = null;
let ended = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    ended = true;
    running?.kill(signal);
  });
}
for (const program of chosen) {
  const file = fileURLToPath(new URL(`./${program}.ts`, import.meta.url));
  running = spawn(process.execPath, [file, ...options], { stdio: 'inherit' });
  const [code] = await once(running, 'exit');
  if (code !== 0) process.exitCode = code ?? 1;
  if (ended) break;
}
