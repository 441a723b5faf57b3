// Owns the interface of the keeping: where the state is, alone on this machine or shared with others, of which the rest of
// control sees no difference.
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { GateEvent } from '../link/events.ts';
import type { Agreement } from '../store/agreement.ts';
import type { Passages } from '../store/redis/passages.ts';
import type { State } from '../store/state.ts';

/** What `otagate status` tells of it. Times are milliseconds since the epoch. */
export type KeepingStatus =
  | { kind: 'sqlite' }
  | {
      kind: 'redis';
      server: string;
      machine: string;
      connected: boolean;
      /** Since when it is connected, or not. */
      sinceMs: number;
      trouble: string | null;
      /** This machine's id, name, and how long ago each was heard of; itself among them. */
      machines: { id: string; name: string; agoMs: number }[];
      /** In this machine's copy. */
      records: number;
      waiting: { records: number; observations: number };
      /** Observations of this machine that were dropped, and batches of others that it never read. */
      dropped: number;
      lost: number;
      /** How often what Redis had lost was put back. */
      rebuilt: number;
      commands: number;
    };

/** What others changed that concerns more than the state itself. */
export type SharedNews = { name: string; value: unknown };

export type Hearing = {
  /** What gates saw, on this machine (`own`) or another, in one order for all. */
  onEvent: (event: GateEvent, own: boolean) => void;
  /** Writes what waits of it. */
  flush: () => void;
  /** Others changed the state. It stands in the copy already; resolves when the gates have it. Never rejects. */
  onNews: (news: readonly SharedNews[]) => Promise<void>;
};

/** The records of the shared copy, for what is kept beside the state: certificates, accounts, images. */
export type Records = {
  put: (name: string, value: unknown) => void;
  read: (name: string) => unknown;
  list: (prefix: string) => SharedNews[];
  /** Tells and hears all that there is by now; at once where nobody can be reached. Never throws. */
  sync: () => Promise<void>;
  /** Resolves when every machine that is there has all that was told by now; false after `withinMs`. */
  everywhere: (withinMs: number) => Promise<boolean>;
};

export type Keeping = {
  state: State;
  agreement: Agreement;
  /** Null on one machine alone. */
  records: Records | null;
  /** How images pass from one machine to the others; null on one alone. */
  passages: Passages | null;
  see: (event: GateEvent) => void;
  /** Meets the other machines, as far as they can be reached; what has to be the same everywhere is agreed on here. */
  join: (makeFirst: () => void) => Promise<void>;
  status: () => KeepingStatus;
  stop: () => Promise<void>;
};

export type KeepingParts = {
  config: Config;
  log: Log;
  hearing: Hearing;
  /** Asked when the time is needed: the clock itself begins from what is kept. */
  clock: () => { now: () => number; atLeast: (ms: number) => void };
};
