// Owns what control and gates say to each other about firmware: the Ask, its answer, and the progress of a fill.
import type { ErrorCode, Fault } from '../base/errors.ts';
import type { OfferedApp } from '../ota/offer-case.ts';

/** A gate wants the bytes behind a link: to serve them, or to know what they are. */
export type FirmwareAsk = {
  /** The SHA-256 of an image of the store, or how it begins, which is meant in the place of the link; else null. */
  stored: string | null;
  /** The upstream's name, and the absolute URL there; control judges once more whether it may be fetched. */
  upstream: string;
  url: string;
  /** The name of ours that goes into Host, where the URL is that upstream's own. */
  host: string;
  /** What the check's reply promised: the board is the device's own claim. */
  hint: { board: string | null; version: string | null } | null;
  /** The client's own credentials: what they get is for this client alone. */
  authorization: string | null;
};

/** How an image was come by, for Cache-Status. */
export type CacheHow = 'hit' | 'miss' | 'joined' | 'revalidated' | 'stale';

/** A file that holds the image, or grows to hold it. */
export type FirmwareObject = {
  /** Names these bytes among all that a gate has open: the SHA-256, or the fill. */
  id: string;
  file: string;
  length: number;
  state: FillState;
  fileName: string;
  contentType: string;
  lastModifiedMs: number | null;
  /** Whether the store keeps it. */
  stored: boolean;
  /** What the image says of itself; null for what is no app. */
  app: OfferedApp | null;
};

/** `have` bytes stand in the file; the last ones are for nobody before the whole has proved right. */
export type FillState =
  | { kind: 'filling'; have: number }
  | { kind: 'whole'; sha256: string }
  | { kind: 'failed'; code: ErrorCode; detail: string };

export type FirmwareAnswer =
  /** `holdsMs`: how long the gate may give the same answer by itself to who asks the same. */
  | { kind: 'object'; object: FirmwareObject; how: CacheHow; holdsMs: number }
  | { kind: 'refused'; code: ErrorCode; fault: Fault; status: number; message: string; retry: boolean };

export type FillProgress = { id: string; file: string; state: FillState };
