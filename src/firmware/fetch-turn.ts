// Owns the turn of a machine to fetch what a name stands for, as it travels with the reply that it led to.
import type { FillState } from '../link/firmware.ts';

/** What a passage to other machines is made of. */
export type CarriedFill = {
  readonly name: string | null;
  readonly file: string;
  readonly length: number | null;
  readonly state: FillState;
  readonly kept: boolean;
  readonly ready: Promise<void>;
  readonly done: Promise<unknown>;
  watch: (onChange: () => void) => () => void;
};

/** Either is called, once; the other does nothing then. */
export type FetchTurn = {
  /** This fill fetches it: others read behind it, and the turn ends with it. */
  carry: (fill: CarriedFill) => void;
  /** It is not fetched after all. */
  leave: () => void;
  /** Whether a fill is carried still. */
  held: () => boolean;
};
