// Owns how a gate process is started, and how it is told something.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ToGate } from '../link/messages.ts';

const GATE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../gate/main.ts' : '../gate/main.js', import.meta.url),
);
// A gate holds little for long: a small young generation stays in the processor's caches. What passes through as buffers
// it collects by hand (`src/gate/passing-bytes.ts`).
const GATE_FLAGS = ['--max-semi-space-size=2', '--expose-gc'];
// Node gives each connection a buffer of 64 KB for what it reads, of which a device fills a few. A piece of its own
// (glibc) costs only the pages that are touched; from the heap, it comes with pages that others have touched.
const GATE_ENV = { MALLOC_MMAP_THRESHOLD_: '32768' };

/** @throws {Error} with the system's code where no process can be made; some of these come as its event `error` */
export function forkGate(name: string): ChildProcess {
  return fork(GATE, [name], {
    execArgv: [...process.execArgv, ...GATE_FLAGS],
    env: { ...GATE_ENV, ...process.env },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

export function post(child: ChildProcess | null, message: ToGate): void {
  if (child?.connected) child.send(message, () => {}); // a gate that just died is replaced by its exit
}
