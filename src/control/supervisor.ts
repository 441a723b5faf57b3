// Owns the gate processes: starts them, hands them snapshots, replaces those that exit, and drains them at the end.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Log } from '../base/log.ts';
import type { GateEvent } from '../link/events.ts';
import { isMessage, type ToControl, type ToGate } from '../link/messages.ts';
import type { Snapshot } from '../link/snapshot.ts';

const GATE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../gate/main.ts' : '../gate/main.js', import.meta.url),
);
// A gate passes bytes through. With V8's usual young generation, 100 MB of chunks that are done with wait for the
// collector; with a small one, they are gone as they come.
const GATE_FLAGS = ['--max-semi-space-size=1'];
// A gate that lived this long did not fail at its start: it is replaced at once.
const STEADY_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const APPLY_MS = 10_000;

export type GateStatus = { name: string; pid: number; sinceMs: number; snapshot: number; restarts: number };

type Slot = {
  name: string;
  process: ChildProcess | null;
  sinceMs: number;
  snapshot: number;
  restarts: number;
  pauseMs: number;
  retry: NodeJS.Timeout | undefined;
  waiting: ((fault: string | null) => void) | null;
};

export class Supervisor {
  readonly #log: Log;
  readonly #onEvents: (events: GateEvent[], dropped: number) => void;
  #slots: Slot[] = [];
  #snapshot: Snapshot | null = null;
  #stopping = false;

  constructor(log: Log, onEvents: (events: GateEvent[], dropped: number) => void) {
    this.#log = log;
    this.#onEvents = onEvents;
  }

  /**
   * Brings every gate to this snapshot, and the number of gates to `workers`. Gives back the faults of gates that could
   * not apply it; a gate that dies meanwhile starts with it.
   */
  async apply(snapshot: Snapshot, workers: number): Promise<string[]> {
    this.#snapshot = snapshot;
    for (const slot of this.#slots.splice(workers)) this.#retire(slot);
    const asked = this.#slots.map((slot) => this.#send(slot, snapshot));
    while (this.#slots.length < workers) {
      const slot = newSlot(`gate-${this.#slots.length + 1}`);
      this.#slots.push(slot);
      asked.push(this.#start(slot));
    }
    const faults = await Promise.all(asked);
    return faults.filter((fault) => fault !== null);
  }

  reopenLogs(): void {
    for (const slot of this.#slots) post(slot, { kind: 'reopen-logs' });
  }

  status(): GateStatus[] {
    return this.#slots.flatMap(({ name, process, sinceMs, snapshot, restarts }) =>
      process?.pid === undefined ? [] : [{ name, pid: process.pid, sinceMs, snapshot, restarts }],
    );
  }

  /** Lets every gate finish what runs. Resolves when all are gone. */
  async drain(): Promise<void> {
    this.#stopping = true;
    const gone = this.#slots.map((slot) => {
      clearTimeout(slot.retry);
      const { process: child } = slot;
      if (child === null) return Promise.resolve();
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      post(slot, { kind: 'drain' });
      return exited;
    });
    await Promise.all(gone);
  }

  /** Ends every gate now. */
  kill(): void {
    this.#stopping = true;
    for (const { process: child } of this.#slots) child?.kill('SIGKILL');
  }

  #start(slot: Slot): Promise<string | null> {
    const child = fork(GATE, [slot.name], {
      execArgv: [...process.execArgv, ...GATE_FLAGS],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    slot.process = child;
    slot.sinceMs = Date.now();
    slot.snapshot = 0;
    child.on('message', (message: unknown) => this.#onMessage(slot, message));
    child.on('error', (error) =>
      this.#log.error(
        { event: 'gate-error', gate: slot.name, detail: error.message },
        'a gate process could not be reached',
      ),
    );
    child.once('exit', (code, signal) => this.#onExit(slot, code, signal));
    return new Promise((resolve) => {
      slot.waiting = resolve;
    });
  }

  #onMessage(slot: Slot, message: unknown): void {
    if (!isMessage<ToControl>(message)) return;
    switch (message.kind) {
      case 'ready':
        if (this.#snapshot) post(slot, { kind: 'snapshot', snapshot: this.#snapshot });
        return;
      case 'applied':
        if (message.fault === null) slot.snapshot = message.version;
        if (message.version === this.#snapshot?.version) {
          slot.waiting?.(message.fault);
          slot.waiting = null;
        }
        return;
      case 'events':
        this.#onEvents(message.events, message.dropped);
    }
  }

  #send(slot: Slot, snapshot: Snapshot): Promise<string | null> {
    if (slot.process === null) return Promise.resolve(null); // waits for its next start, which takes the newest snapshot
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve(`${slot.name} did not take the new configuration within ${APPLY_MS / 1000} s`),
        APPLY_MS,
      );
      slot.waiting = (fault) => {
        clearTimeout(timer);
        resolve(fault);
      };
      post(slot, { kind: 'snapshot', snapshot });
    });
  }

  #onExit(slot: Slot, code: number | null, signal: NodeJS.Signals | null): void {
    const livedMs = Date.now() - slot.sinceMs;
    slot.process = null;
    slot.waiting?.(`${slot.name} ended (${signal ?? `exit ${code}`}) before it served`);
    slot.waiting = null;
    if (this.#stopping || !this.#slots.includes(slot)) return;
    slot.pauseMs = livedMs >= STEADY_MS ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, slot.pauseMs * 2));
    slot.restarts += 1;
    this.#log.error(
      { event: 'gate-exit', gate: slot.name, code, signal, livedMs, restartMs: slot.pauseMs },
      `${slot.name} ended (${signal ?? `exit ${code}`}); a new one starts in ${slot.pauseMs} ms`,
    );
    slot.retry = setTimeout(() => {
      void this.#start(slot).then((fault) => {
        if (fault === null)
          this.#log.info(
            { event: 'gate-replaced', gate: slot.name, pid: slot.process?.pid },
            `${slot.name} serves again`,
          );
        else
          this.#log.error(
            { event: 'gate-fault', gate: slot.name, detail: fault },
            `${slot.name} does not serve: ${fault}`,
          );
      });
    }, slot.pauseMs);
  }

  #retire(slot: Slot): void {
    clearTimeout(slot.retry);
    post(slot, { kind: 'drain' });
  }
}

function newSlot(name: string): Slot {
  return { name, process: null, sinceMs: 0, snapshot: 0, restarts: 0, pauseMs: 0, retry: undefined, waiting: null };
}

function post(slot: Slot, message: ToGate): void {
  const child = slot.process;
  if (child?.connected) child.send(message, () => {}); // a gate that just died is replaced by its exit
}
