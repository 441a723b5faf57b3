// Owns the gate processes: starts them, hands them snapshots, replaces those that exit or hang, drains them at the end.
import type { ChildProcess } from 'node:child_process';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { GateEvent } from '../link/events.ts';
import type { FirmwareAsk } from '../link/firmware.ts';
import { type GateLine, isMessage, type ToControl, type ToGate } from '../link/messages.ts';
import type { Question } from '../link/questions.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { forkGate, post } from './gate-process.ts';
import { type AskedGate, GatePulse } from './gate-pulse.ts';
import { answerAll, newSlot, type Slot } from './gate-slot.ts';

// A gate that lived this long did not fail at its start: it is replaced at once.
const STEADY_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const APPLY_MS = 10_000;
const START_MS = 20_000;
// Past its drain, a gate that still lives does not answer any more.
const STUCK_MS = 5_000;
const TOO_LATE = 'did not answer in time';

export type GateStatus = { name: string; pid: number; sinceMs: number; snapshot: number; restarts: number };

/** Who hears what gates say of themselves. A line is the same for all that one gate process says. */
export type GateEar = {
  onEvents: (events: GateEvent[], dropped: number) => void;
  onStart: (line: GateLine) => void;
  onAsk: (id: number, ask: FirmwareAsk, line: GateLine) => void;
  onQuestion: (id: number, question: Question, line: GateLine) => void;
  onDownloads: (active: number, line: GateLine) => void;
  onStreams: (open: Record<string, number>, line: GateLine) => void;
  onLog: (lines: string[], dropped: number) => void;
  onGone: (line: GateLine) => void;
};

export class Supervisor {
  readonly #log: Log;
  readonly #hear: GateEar;
  readonly #pulse: GatePulse;
  #slots: Slot[] = [];
  /** Gates too many, which end with their last connection. */
  readonly #retired = new Set<ChildProcess>();
  #snapshot: Snapshot | null = null;
  #stopping = false;

  constructor(log: Log, hear: GateEar, pulse: GatePulse = new GatePulse()) {
    this.#log = log;
    this.#hear = hear;
    this.#pulse = pulse;
    pulse.start();
  }

  /**
   * Brings every gate to this snapshot, and the number of gates to `workers`. Gives back the faults of gates that could
   * not apply it; a gate that dies meanwhile starts with it.
   */
  async apply(snapshot: Snapshot, workers: number): Promise<string[]> {
    if (this.#stopping) return ['the gate is stopping'];
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

  /** Tells every gate that serves. */
  tell(message: ToGate): void {
    for (const { process: child } of this.#slots) post(child, message);
  }

  status(): GateStatus[] {
    return this.#slots.flatMap(({ name, process, sinceMs, snapshot, restarts }) =>
      process?.pid === undefined ? [] : [{ name, pid: process.pid, sinceMs, snapshot, restarts }],
    );
  }

  /** Lets every gate finish what runs, and ends what has not ended by itself past `drainMs`. Resolves when all are gone. */
  async drain(drainMs: number): Promise<void> {
    this.#stopping = true;
    this.#pulse.stop();
    for (const slot of this.#slots) clearTimeout(slot.retry);
    const children = this.#slots.flatMap(({ process: child }) => (child === null ? [] : [child]));
    await Promise.all([...children, ...this.#retired].map((child) => this.#drainOne(child, drainMs)));
  }

  /** Ends every gate now. */
  kill(): void {
    this.#stopping = true;
    this.#pulse.stop();
    for (const { process: child } of this.#slots) child?.kill('SIGKILL');
    for (const child of this.#retired) child.kill('SIGKILL');
  }

  #drainOne(child: ChildProcess, drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#log.error(
          { event: 'gate-stuck', pid: child.pid },
          `gate process ${child.pid} did not end by itself: killed`,
        );
        child.kill('SIGKILL');
      }, drainMs + STUCK_MS);
      child.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
      post(child, { kind: 'drain' });
    });
  }

  /** Resolves with null when the new gate serves, else with what is wrong; a gate that does not serve is ended. */
  async #start(slot: Slot): Promise<string | null> {
    const child = this.#fork(slot);
    if (child === null) return `${slot.name} could not be started`;
    const fault = await this.#awaitApplied(slot, START_MS);
    if (fault !== null) this.#end(slot, child); // its exit starts the next one, after a pause
    return fault;
  }

  #fork(slot: Slot): ChildProcess | null {
    let child: ChildProcess;
    try {
      child = forkGate(slot.name);
    } catch (error) {
      this.#log.error(
        { event: 'gate-error', gate: slot.name, detail: errorText(error) },
        'a gate process could not be started',
      );
      this.#onExit(slot, null, null);
      return null;
    }
    slot.process = child;
    slot.sinceMs = Date.now();
    slot.snapshot = 0;
    slot.ended = false;
    const line: GateLine = (message) => post(child, message);
    this.#hear.onStart(line);
    const asked: AskedGate = { ask: () => line({ kind: 'ping' }), onSilent: () => this.#replace(slot, child) };
    let gone = false;
    const onGone = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (gone) return;
      gone = true;
      this.#retired.delete(child);
      this.#pulse.remove(asked);
      this.#hear.onGone(line);
      if (slot.process === child) this.#onExit(slot, code, signal);
    };
    child.on('message', (message: unknown) => {
      if (!isMessage<ToControl>(message)) return;
      this.#pulse.heard(asked);
      // Until it serves, it has a time of its own.
      if (message.kind === 'applied' && message.fault === null) this.#pulse.add(asked);
      this.#onMessage(slot, message, line);
    });
    child.on('error', (error) => {
      this.#log.error(
        { event: 'gate-error', gate: slot.name, detail: error.message },
        'a gate process could not be reached',
      );
      // Without a process (EAGAIN, EMFILE) there is no exit to wait for.
      if (child.pid === undefined) onGone(null, null);
    });
    child.once('exit', onGone);
    return child;
  }

  #onMessage(slot: Slot, message: ToControl, line: GateLine): void {
    switch (message.kind) {
      case 'ready':
        if (this.#snapshot) post(slot.process, { kind: 'snapshot', snapshot: this.#snapshot });
        return;
      case 'applied':
        if (message.fault === null) slot.snapshot = message.version;
        if (message.version === this.#snapshot?.version) {
          answerAll(slot, message.fault);
        }
        return;
      case 'events':
        this.#hear.onEvents(message.events, message.dropped);
        return;
      case 'ask':
        this.#hear.onAsk(message.id, message.ask, line);
        return;
      case 'question':
        this.#hear.onQuestion(message.id, message.question, line);
        return;
      case 'pulse':
        line({ kind: 'pulse' });
        return;
      case 'downloads':
        this.#hear.onDownloads(message.active, line);
        return;
      case 'streams':
        this.#hear.onStreams(message.open, line);
        return;
      case 'log':
        this.#hear.onLog(message.lines, message.dropped);
    }
  }

  /**
   * A gate that does not take a snapshot in time is ended, so that none goes on with what was closed or replaced; the
   * one in its place starts with the newest.
   */
  async #send(slot: Slot, snapshot: Snapshot): Promise<string | null> {
    const child = slot.process;
    if (child === null) return null; // waits for its next start, which takes the newest snapshot
    post(child, { kind: 'snapshot', snapshot });
    const fault = await this.#awaitApplied(slot, APPLY_MS);
    if (fault !== TOO_LATE) return fault;
    this.#replace(slot, child);
    return null;
  }

  #replace(slot: Slot, child: ChildProcess): void {
    const follows = this.#retired.has(child) ? 'is ended, being one too many' : 'is replaced';
    this.#log.error(
      { event: 'gate-stuck', gate: slot.name, pid: child.pid },
      `${slot.name} does not answer: it ${follows}, and its connections are lost`,
    );
    this.#end(slot, child);
  }

  /** Its exit starts the next one. */
  #end(slot: Slot, child: ChildProcess): void {
    slot.ended = true;
    child.kill('SIGKILL');
  }

  /** What the gate answers to the newest snapshot: null, its fault, or that it came too late. */
  #awaitApplied(slot: Slot, withinMs: number): Promise<string | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(TOO_LATE), withinMs);
      slot.waiting.push((fault) => {
        clearTimeout(timer);
        resolve(fault);
      });
    });
  }

  #onExit(slot: Slot, code: number | null, signal: NodeJS.Signals | null): void {
    const livedMs = Date.now() - slot.sinceMs;
    slot.process = null;
    answerAll(slot, `${slot.name} ended (${signal ?? `exit ${code}`}) before it served`);
    if (this.#stopping || !this.#slots.includes(slot)) return;
    slot.pauseMs = livedMs >= STEADY_MS ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, slot.pauseMs * 2));
    slot.restarts += 1;
    this.#log.error(
      { event: 'gate-exit', gate: slot.name, code, signal, livedMs, restartMs: slot.pauseMs },
      `${slot.name} ended (${signal ?? `exit ${code}`}${signal === 'SIGKILL' && !slot.ended ? ': by hand, or by a system short of memory, which journalctl -k tells' : ''}); a new one starts in ${slot.pauseMs} ms`,
    );
    slot.retry = setTimeout(() => {
      void this.#start(slot).then((fault) => {
        if (this.#stopping) return;
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

  /** A gate too many takes no new connections, and ends when its last one does: a reload closes none. */
  #retire(slot: Slot): void {
    clearTimeout(slot.retry);
    if (slot.process === null) return;
    this.#retired.add(slot.process);
    post(slot.process, { kind: 'retire' });
  }
}
