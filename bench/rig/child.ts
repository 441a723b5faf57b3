// Owns child processes of the measurements: upstreams and clients run in them, so that their CPU time is not the gate's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bench } from './program.ts';

// `never` lets handlers of any input be named by one type.
type Handlers = Record<string, (input: never) => unknown>;

export type Child<H extends Handlers> = {
  pid: number;
  /** Asks the child, `withinMs` at most. @throws {Error} with what its handler threw, or where it has ended */
  call: <K extends keyof H & string>(
    name: K,
    input: Parameters<H[K]>[0],
    withinMs?: number,
  ) => Promise<Awaited<ReturnType<H[K]>>>;
  stop: () => void;
};

type Question = { id: number; name: string; input: unknown };
type Answer = { id: number; value?: unknown; error?: string };

/** Starts a module of this folder whose handlers `answerCalls` serves; `prefix` goes before the command. */
export function startChild<H extends Handlers>(bench: Bench, module: URL, prefix: readonly string[] = []): Child<H> {
  const [program = '', ...args] = [...prefix, process.execPath, fileURLToPath(module)];
  const child = spawn(program, args, { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced' });
  const stop = (): void => void child.kill('SIGKILL');
  bench.defer(stop);
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  const gone = once(child, 'exit').then(([code, signal]) => {
    for (const [id, settle] of waiting) settle({ id, error: `it ended with ${signal ?? code}` });
  });
  child.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    stop,
    call: (name, input, withinMs = 30_000) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        const settle = ({ value, error }: Answer): void => {
          clearTimeout(timer);
          waiting.delete(id);
          if (error === undefined) resolve(value as never);
          else reject(new Error(`${module.pathname.split('/').at(-1)}, ${name}: ${error}`));
        };
        const timer = setTimeout(() => settle({ id, error: `no answer within ${withinMs} ms` }), withinMs);
        waiting.set(id, settle);
        if (child.exitCode !== null || child.signalCode !== null) return void gone;
        child.send({ id, name, input } satisfies Question, (error) => {
          if (error) settle({ id, error: error.message });
        });
      }),
  };
}

/** In the child: serves the handlers until the parent goes. */
export function answerCalls(handlers: Handlers): void {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, name, input }: Question) => {
    void Promise.resolve()
      .then(() => handlers[name]?.(input as never))
      .then(
        (value) => process.send?.({ id, value } satisfies Answer),
        (error: unknown) => process.send?.({ id, error: error instanceof Error ? String(error.stack) : String(error) }),
      );
  });
}
