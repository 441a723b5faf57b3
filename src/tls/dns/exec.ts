// Owns challenge records by a program of the operator's: `PROGRAM present NAME. VALUE`, as lego's exec provider calls it.
import { spawn } from 'node:child_process';
import type { GateError } from '../../base/errors.ts';
import type { DnsConfig } from '../../config/acme-config.ts';
import { type DnsTask, dnsError, quoted } from './dns-error.ts';
import type { DnsProvider, TxtRecord } from './txt-record.ts';
import { plainName } from './zone-names.ts';

type ExecConfig = Extract<DnsConfig, { provider: 'exec' }>;
type Ended =
  | { kind: 'exit'; code: number | null; by: NodeJS.Signals | null; lastLine: string }
  | { kind: 'timeout' }
  | { kind: 'not-started'; why: string };

// Only the end of what it says is kept; a program that says a lot is not held up by it.
const KEPT_BYTES = 4096;
const READING_MS = 300;

// The end of the last call, for each configuration: providers that were made from the same one take turns.
const turns = new WeakMap<ExecConfig, Promise<void>>();

/**
 * Challenge records by a program, called without a shell. Exit code 0 says that it is done. One call at a time: such
 * programs read, change and write the set of values, and two at once would lose one of them.
 */
export function execProvider(config: ExecConfig): DnsProvider {
  const inTurn = (action: 'present' | 'cleanup', record: TxtRecord, signal: AbortSignal): Promise<void> => {
    const turn = (turns.get(config) ?? Promise.resolve()).then(() => call(config, action, record, signal));
    const end = turn.catch(() => {}); // the next one has its turn after a failure too
    turns.set(config, end);
    return turn;
  };
  return {
    present: (record, signal) => inTurn('present', record, signal),
    cleanup: (record, signal) => inTurn('cleanup', record, signal),
  };
}

async function call(
  config: ExecConfig,
  action: 'present' | 'cleanup',
  record: TxtRecord,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const ended = await run(config, [action, `${plainName(record.name)}.`, record.value], signal);
  signal.throwIfAborted();
  if (ended.kind === 'exit' && ended.code === 0) return;
  throw failure(config, action, { provider: 'exec', name: record.name }, ended);
}

function run(config: ExecConfig, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    // A process group of its own, so that what the program has started ends with it.
    const child = spawn(config.program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let said = Buffer.alloc(0);
    let timedOut = false;
    const kill = (): void => killGroup(child.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, config.timeoutMs);
    const finish = (ended: Ended): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      child.stderr.destroy();
      resolve(timedOut ? { kind: 'timeout' } : ended);
    };
    signal.addEventListener('abort', kill, { once: true });
    child.stderr.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]).subarray(-KEPT_BYTES);
    });
    child.on('error', (error: NodeJS.ErrnoException) => finish({ kind: 'not-started', why: error.code ?? 'unknown' }));
    // `close` comes when all that it wrote is read; but a process that it left behind may hold the pipe open for ever.
    child.on('exit', (code, by) => {
      const end = (): void => finish({ kind: 'exit', code, by, lastLine: lastLineOf(said) });
      const patience = setTimeout(end, READING_MS);
      child.on('close', () => {
        clearTimeout(patience);
        end();
      });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

function failure(config: ExecConfig, action: string, task: DnsTask, ended: Ended): GateError {
  const program = `\`${config.program} ${action}\``;
  switch (ended.kind) {
    case 'timeout': {
      const text = `${program} did not end within ${config.timeoutMs / 1000} s and was killed: run it by hand, or raise \`timeout\``;
      return dnsError('DNS_TIMEOUT', task, text);
    }
    case 'not-started': {
      const text = `${program} cannot be started (${ended.why}): it must exist, be executable, and name its interpreter in its first line`;
      return dnsError('DNS_FAILED', task, text);
    }
    case 'exit': {
      const how = ended.by === null ? `ended with code ${ended.code}` : `was ended by ${ended.by}`;
      const said = ended.lastLine === '' ? 'it said nothing on stderr' : quoted(ended.lastLine, []);
      return dnsError('DNS_FAILED', task, `${program} ${how}: ${said}`, { retry: true });
    }
  }
}

function lastLineOf(bytes: Buffer): string {
  return bytes.toString('utf8').trimEnd().split(/\r?\n/).at(-1) ?? '';
}
