// Owns the live feed: what happens, as frames of server-sent events, kept for a while for those who come back.
import { randomBytes } from 'node:crypto';
import type { ListedFill } from '../../firmware/operations.ts';
import type { DeviceRow } from './device-schemas.ts';
import type { KeptLine } from './log-ring.ts';
import type { OpeningStatus } from './opening-schemas.ts';
import { TextRing } from './text-ring.ts';
import type { TrafficPoint } from './traffic-series.ts';

export type LiveEvents = {
  /** Something changed: whoever shows it fetches it anew. */
  status: Record<string, never>;
  opening: OpeningStatus;
  device: DeviceRow;
  fill: ListedFill;
  log: KeptLine;
  traffic: TrafficPoint;
};
export type LiveType = keyof LiveEvents;

/** Takes frames, some at a time. Must not throw. */
export type LiveReader = (frames: string) => void;

export const MAX_KEPT = 1_000;
// Less than may wait for one reader: whoever comes back is given all that it missed at once.
const MAX_KEPT_BYTES = 512 * 1024;
const FLUSH_MS = 100;
// Of one type in a second: nobody reads more, and each costs control a write for every reader.
const MAX_A_SECOND = 100;

export class LiveFeed {
  readonly #ring = new TextRing(MAX_KEPT, MAX_KEPT_BYTES);
  readonly #readers = new Set<LiveReader>();
  /** Ids of another process are none of ours: a gate that was started anew counts from one again. */
  readonly #epoch = randomBytes(6).toString('base64url');
  #waiting: string[] = [];
  #flushing: NodeJS.Timeout | undefined;
  #counts = new Map<LiveType, number>();
  #second: NodeJS.Timeout | undefined;
  #dropped = false;

  /** Tells all readers within 100 ms. Past 100 of one type in a second the rest is dropped, and a `status` follows. */
  publish<Type extends LiveType>(type: Type, data: LiveEvents[Type]): void {
    const count = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, count);
    this.#second ??= setTimeout(() => this.#endSecond(), 1_000).unref();
    if (count > MAX_A_SECOND) this.#dropped = true;
    else this.#append(type, JSON.stringify(data));
  }

  /**
   * From now on, this reader is told. Gives what it has missed since an id that it was told before: frames, or a
   * `status` where that is no longer known.
   */
  subscribe(reader: LiveReader, lastId: string | null): { missed: string; unsubscribe: () => void } {
    this.#flush();
    this.#readers.add(reader);
    return { missed: lastId === null ? '' : this.#since(lastId), unsubscribe: () => void this.#readers.delete(reader) };
  }

  stop(): void {
    clearTimeout(this.#flushing);
    clearTimeout(this.#second);
    this.#readers.clear();
  }

  #since(lastId: string): string {
    const [epoch, number = ''] = lastId.split('.');
    const known = epoch === this.#epoch && /^\d{1,15}$/.test(number) ? this.#ring.after(Number(number)) : null;
    if (known !== null) return known.map(({ text }) => text).join('');
    return frame('status', `${this.#epoch}.${this.#ring.newestId}`, '{}');
  }

  #append(type: LiveType, data: string): void {
    const { text } = this.#ring.add((id) => frame(type, `${this.#epoch}.${id}`, data));
    if (this.#readers.size === 0) return;
    this.#waiting.push(text);
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const frames = this.#waiting.join('');
    this.#waiting = [];
    if (frames !== '') for (const reader of this.#readers) reader(frames);
  }

  #endSecond(): void {
    this.#second = undefined;
    this.#counts.clear();
    if (!this.#dropped) return;
    this.#dropped = false;
    this.#append('status', '{}');
  }
}

/** `data` is JSON on one line. */
function frame(type: LiveType, id: string, data: string): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
}
