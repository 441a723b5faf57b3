// Owns the messages between control and gate, both ways.
import type { GateEvent } from './events.ts';
import type { Snapshot } from './snapshot.ts';

export type ToGate =
  | { kind: 'snapshot'; snapshot: Snapshot }
  /** Finish what runs within `limits.drain`, and exit. */
  | { kind: 'drain' }
  /** Take no new connection, and exit with the last one. */
  | { kind: 'retire' }
  | { kind: 'reopen-logs' };

export type ToControl =
  | { kind: 'ready' }
  /** The snapshot is in force, or it could not be and why; the one before it then stays in force. */
  | { kind: 'applied'; version: number; fault: string | null }
  | { kind: 'events'; events: GateEvent[]; dropped: number };

/** Narrows what arrives over IPC: only our own processes are at the other end, so the kind is enough. */
export function isMessage<T extends { kind: string }>(message: unknown): message is T {
  return typeof message === 'object' && message !== null && 'kind' in message && typeof message.kind === 'string';
}
