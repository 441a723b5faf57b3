// Owns the interface by which several machines fetch an image once, and how it is where there is one machine only.
import type { Reply } from './fetch.ts';
import type { FetchTurn } from './fetch-turn.ts';
import type { PromiseHint } from './link-identity.ts';

export type TurnOptions = {
  /** What the file name of the other machine's reply must confirm, for it to be what our link stands for, too. */
  promise: PromiseHint | null;
  /** Only what is being fetched at this moment counts. */
  running: boolean;
  signal: AbortSignal;
};

export type Turn =
  /** It is ours to fetch; null: by ourselves, whatever others do. */
  | { kind: 'ours'; turn: ((reply: Reply) => FetchTurn) | null; leave: () => void }
  /** Another machine fetches it: its bytes, as a reply of the upstream's. */
  | { kind: 'theirs'; reply: Reply };

export type Sharing = {
  /** Whose turn it is to fetch what this name stands for. Waits, a bounded time, while another machine begins. */
  turn: (name: string, options: TurnOptions) => Promise<Turn>;
};

export const BY_OURSELVES: Turn = { kind: 'ours', turn: null, leave: () => {} };

/** One machine has every turn. */
export const alone: Sharing = { turn: async () => BY_OURSELVES };

/** Fetches where it is our turn, else takes what another machine fetches. Throws what `fetch` throws. */
export async function fetchInTurn(
  sharing: Sharing,
  name: string,
  options: TurnOptions,
  fetch: () => Promise<Reply>,
): Promise<Reply> {
  const ours = await sharing.turn(name, options);
  if (ours.kind === 'theirs') return ours.reply;
  try {
    const reply = await fetch();
    if (ours.turn === null) return reply;
    const turn = ours.turn(reply);
    const abort = (): void => {
      turn.leave();
      reply.abort();
    };
    return { ...reply, abort, turn };
  } catch (error) {
    ours.leave();
    throw error;
  }
}
