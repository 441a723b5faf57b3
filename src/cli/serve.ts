// Carries out `otagate serve`: runs until a signal, and ends with an exit code that says how it went.
import { join } from 'node:path';
import { errorText, GateError } from '../base/errors.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import { warn } from '../control/announce.ts';
import { Control } from '../control/control.ts';
import { isOfSqlite, nextStep } from '../store/sqlite-failure.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';

/** Resolves with the exit code when the gate has stopped. */
export async function serve({ configFile, terminal, words }: Context): Promise<number> {
  const loaded = loadConfig(configFile);
  if (!loaded.ok) {
    terminal.tell(...loaded.faults.map(formatFinding));
    return EXIT.no;
  }
  let control: Control | undefined;
  // Until somebody listens for this signal, Node opens its debugger on it. The flag against that, --disable-sigusr1,
  // is none for us: it blocks the signal, and no listener would ever hear it.
  process.on('SIGUSR1', () => control?.logs.reopen());
  // A reload that comes during the start waits for it.
  process.on('SIGHUP', () => void control?.reload());
  process.on('uncaughtException', (error) => {
    control?.log.fatal(
      { event: 'crash', detail: errorText(error), stack: error.stack },
      'control ends by a fault of its own; the gates finish what runs',
    );
    if (control === undefined) console.error(error);
    process.exit(EXIT.no);
  });
  let running: { stop: () => Promise<void> };
  try {
    control = new Control(loaded.config);
    warn(control, loaded.warnings);
    running = await control.start();
  } catch (error) {
    terminal.tell(words.gate.cannotStart(reasonOf(error, loaded.config.stateDir)));
    return EXIT.no;
  }
  return untilStopped(control, running);
}

/** SQLite names neither its file nor a way out. */
function reasonOf(error: unknown, stateDir: string): string {
  if (error instanceof GateError || !isOfSqlite(error)) return errorText(error);
  const remedy = nextStep(error, 'restore it from a backup, or move it away to start afresh');
  return `${join(stateDir, 'state.sqlite')} cannot be used (${errorText(error)}): ${remedy}`;
}

function untilStopped(control: Control, running: { stop: () => Promise<void> }): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) {
        control.log.warn({ event: 'stop-now' }, 'a second signal: stopping at once');
        control.kill();
        resolve(EXIT.no);
        return;
      }
      stopping = true;
      running.stop().then(
        () => resolve(EXIT.well),
        () => resolve(EXIT.no),
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
