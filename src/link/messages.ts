// Owns the messages between control and gate, both ways.
import type { GateEvent } from './events.ts';
import type { FillProgress, FirmwareAnswer, FirmwareAsk } from './firmware.ts';
import type { Question, Reply } from './questions.ts';
import type { Snapshot } from './snapshot.ts';

export type ToGate =
  | { kind: 'snapshot'; snapshot: Snapshot }
  /** Finish what runs within `limits.drain`, and exit. */
  | { kind: 'drain' }
  /** Take no new connection, and exit with the last one. */
  | { kind: 'retire' }
  /** The servers that control's own looks have found not to be well. */
  | { kind: 'upstreams-down'; origins: string[] }
  | { kind: 'reopen-logs' }
  | { kind: 'answer'; ask: number; answer: FirmwareAnswer }
  | { kind: 'progress'; progress: FillProgress }
  /** An image went, or a link may lead to another one: what was told of links holds no longer. */
  | { kind: 'firmware-changed' }
  | { kind: 'reply'; question: number; reply: Reply }
  /** Control is there. */
  | { kind: 'pulse' }
  /** Whether the gate still answers: at once, by one that is not held up. */
  | { kind: 'ping' }
  /** This gate's part of the total pace, and how many downloads the other gates have. */
  | { kind: 'share'; bytesPerSecond: number | null; elsewhere: number };

export type ToControl =
  | { kind: 'ready' }
  /** The snapshot is in force, or it could not be and why; the one before it then stays in force. */
  | { kind: 'applied'; version: number; fault: string | null }
  | { kind: 'events'; events: GateEvent[]; dropped: number }
  | { kind: 'ask'; id: number; ask: FirmwareAsk }
  | { kind: 'question'; id: number; question: Question }
  /** Answered at once by one that is not held up. */
  | { kind: 'pulse' }
  /** The gate is there. */
  | { kind: 'pong' }
  | { kind: 'downloads'; active: number }
  /** Connections of streams that are open, by the address listened on. */
  | { kind: 'streams'; open: Record<string, number> }
  /** Lines of the log as JSON, for those who look; `dropped` more were not sent. */
  | { kind: 'log'; lines: string[]; dropped: number };

/** Narrows what arrives over IPC: only our own processes are at the other end, so the kind is enough. */
export function isMessage<T extends { kind: string }>(message: unknown): message is T {
  return typeof message === 'object' && message !== null && 'kind' in message && typeof message.kind === 'string';
}

/** A way to one gate process: the same one as long as the process lives. */
export type GateLine = (message: ToGate) => void;
