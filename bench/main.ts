// Runs the comparison with nginx, one scenario of it, or another measuring program: `npm run bench [-- NAME [options]]`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { scenarios } from './scenarios/all.ts';

const PROGRAMS: Readonly<Record<string, string>> = {
  'cold-herd': 'devices that check and download within one second, with nothing in the cache',
  'cached-download': 'CPU for each MB of a cached image',
  'slow-readers': 'memory for a thousand slow readers',
  'voice-beside-downloads': 'frames of a conversation that come in time beside downloads on the same line',
  'kill-fill': 'kill -9 of everything at random moments of a fill',
  endurance: 'minutes of everything at once, with kills, reloads, restarts and new certificates',
  history: 'questions to a device history that is full: 100,000 devices, 10 million events',
  'several-machines': 'what machines that share a Redis cost it, and how soon each has what another one has',
  rollout: 'a rollout in waves to a simulated fleet, with an image that fails on one board',
};

const [first, ...others] = process.argv.slice(2);
const name = first?.startsWith('--') ? undefined : first;
const options = first === undefined || name !== undefined ? others : [first, ...others];
const isScenario = name !== undefined && scenarios.some((scenario) => scenario.name === name);
const isProgram = name !== undefined && Object.hasOwn(PROGRAMS, name);
const beside = name === undefined || isScenario;
const chosen = name === 'all' ? ['beside-nginx', ...Object.keys(PROGRAMS)] : beside ? ['beside-nginx'] : [name];
if (isScenario) options.push('--only', name);
if (name === 'list' || !(beside || isProgram || name === 'all')) {
  const line = (what: string, about: string): string => `  ${what.padEnd(24)} ${about}`;
  const list = [
    'npm run bench [-- NAME [--help] [--json] [options]]',
    '',
    'Without a name, all scenarios of otagate beside nginx, with a page in bench/results:',
    ...scenarios.map((scenario) => line(scenario.name, scenario.about)),
    '',
    'Programs of their own:',
    ...Object.entries(PROGRAMS).map(([program, about]) => line(program, about)),
    line('all', 'everything, one after another'),
  ].join('\n');
  if (name === 'list') console.log(list);
  else console.error(`no scenario or program is called ${name}\n\n${list}`);
  process.exit(name === 'list' ? 0 : 2);
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
