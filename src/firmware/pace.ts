// Owns how fast firmware leaves this process: for each device and in total, so that voice stays smooth, and no device
// that downloads is left without a byte for so long that it gives up.
import { type Flow, ROUND_MS, TokenBucket, type Turn } from './token-bucket.ts';

/**
 * No lane waits longer than this for a byte, neither from its join to the first one nor between two. Firmware 1.5–1.7
 * gives up after 5 s without data, and then reboots and begins anew; the rest of the 5 s is for timers that are late.
 */
export const FED_WITHIN_MS = 4_000;

/**
 * Where the total gives each download less than this, the next one waits. An image of 2–3.5 MB needs 6 KB/s to be over
 * within the 10 minutes that a download must be given, and devices take 33–360 KB/s: at 24 KiB/s an image takes two
 * minutes, so a few at a time are done sooner than all at once, and none of them comes near a limit.
 */
const USEFUL_BYTES_PER_S = 24 * 1024;

// 4G modems lose bytes in bursts of 60 KB (esp-ml307). At small rates a burst is as small: a quarter of a second.
const DEVICE_BURST_BYTES = 16 * 1024;
const DEVICE_BURST_MS = 250;
// A voice frame leaves every 60 ms: what goes out ahead of it at once should be over before the next one.
const TOTAL_BURST_MS = 50;
const TOTAL_PORTION_BYTES = 16 * 1024;
// Nobody calls those who wait: they look again. A thousand of them are 5,000 looks a second, each of a microsecond.
const LOOK_AGAIN_MS = 200;

/** Bytes per second; null: without limit. */
export type Rates = { device: number | null; total: number | null };

export type Lane = {
  /**
   * 0: begin now. Else the ms until this is to be asked again; together they never exceed `FED_WITHIN_MS` since the join.
   */
  admission(): number;
  /**
   * How many of the `wanted` bytes (above 0) are to be sent now, or the ms (above 0, with fractions: round up) until this
   * is to be asked again. What is given counts as sent. A lane that has left is not paced any more.
   */
  take(wanted: number): Taken;
  /** May be called again. */
  leave(): void;
};

export type Taken = { bytes: number } | { waitMs: number };

/** One download of one device: all lanes with the same key, since a client may ask for several ranges at a time. */
type Download = {
  key: string;
  lanes: number;
  begun: boolean;
  joinedMs: number;
  bucket: TokenBucket;
};

/**
 * Paces all downloads of this process. The total is shared out between downloads, and what one does not take is there
 * for the others. It is kept in every span of time, but for 50 ms of it and one portion (16 KiB at most) at once; only
 * where it cannot give each lane a byte within `FED_WITHIN_MS` does that byte win, over the device's rate as well.
 */
export class Pacer {
  readonly #now: () => number;
  readonly #downloads = new Map<string, Download>();
  /** Not begun yet, first come first. */
  readonly #waiting = new Set<Download>();
  readonly #bucket = new TokenBucket();
  #begun = 0;
  /** How many may run at a time before the next one waits. */
  #places = Infinity;
  #device: Flow | null = null;
  #total: Flow | null = null;

  /** @param now the monotonic clock, in ms; without rates until `set`, nothing is limited */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** In force at once, for what runs too. Rates below one byte a second count as one. */
  set({ device, total }: Rates): void {
    this.#device = device === null ? null : deviceFlow(Math.max(1, device));
    this.#total = total === null ? null : totalFlow(Math.max(1, total));
    const useful = Math.min(USEFUL_BYTES_PER_S, Math.max(1, device ?? Infinity));
    this.#places = total === null ? Infinity : Math.max(1, Math.floor(total / useful));
    this.#letIn();
  }

  /** Lanes with the same key are one download: one device's rate, one share of the total, admitted together. */
  join(key: string): Lane {
    const nowMs = this.#now();
    let download = this.#downloads.get(key);
    if (download === undefined) {
      download = { key, lanes: 0, begun: false, joinedMs: nowMs, bucket: new TokenBucket() };
      this.#downloads.set(key, download);
      this.#waiting.add(download);
      this.#letIn();
    }
    return this.#lane(download, nowMs);
  }

  /** How many downloads there are, with those that wait for their first byte. */
  get active(): number {
    return this.#downloads.size;
  }

  #lane(download: Download, joinedMs: number): Lane {
    const deviceTurn: Turn = { atMs: 0, forMs: 0 };
    const totalTurn: Turn = { atMs: 0, forMs: 0 };
    let fedMs = joinedMs;
    let left = false;
    download.lanes += 1;

    const admission = (): number => {
      if (download.begun || left) return 0;
      const restMs = download.joinedMs + FED_WITHIN_MS - this.#now();
      if (restMs > 0) return Math.min(restMs, LOOK_AGAIN_MS);
      this.#begin(download);
      return 0;
    };

    const take = (wanted: number): Taken => {
      const device = this.#device;
      const total = this.#total;
      if (left || (device === null && total === null)) return { bytes: wanted };
      const nowMs = this.#now();
      if (!download.begun) this.#begin(download);
      const bytes = Math.min(wanted, this.#portion(download, device, total));
      let readyMs = nowMs;
      if (device !== null) readyMs = download.bucket.readyAt(deviceTurn, bytes, download.lanes, nowMs, device);
      // A turn at the total only for who may use it: else it would pass by while others wait.
      if (total !== null && readyMs <= nowMs) {
        readyMs = this.#bucket.readyAt(totalTurn, bytes, this.active * download.lanes, nowMs, total);
      }
      const hungryMs = fedMs + FED_WITHIN_MS;
      if (readyMs > nowMs && hungryMs > nowMs) return { waitMs: Math.min(readyMs, hungryMs) - nowMs };
      fedMs = nowMs;
      if (readyMs > nowMs) {
        if (device !== null) download.bucket.force(1, nowMs, device);
        if (total !== null) this.#bucket.force(1, nowMs, total);
        return { bytes: 1 };
      }
      if (device !== null) download.bucket.use(deviceTurn, bytes, nowMs, device);
      if (total !== null) this.#bucket.use(totalTurn, bytes, nowMs, total);
      return { bytes };
    };

    const leave = (): void => {
      if (left) return;
      left = true;
      const nowMs = this.#now();
      download.bucket.giveBack(deviceTurn, nowMs);
      this.#bucket.giveBack(totalTurn, nowMs);
      download.lanes -= 1;
      if (download.lanes === 0) this.#end(download);
    };

    return { admission, take, leave };
  }

  /** What a lane may send at a time: so much that a round of all downloads fits into `ROUND_MS`, shared by its lanes. */
  #portion(download: Download, device: Flow | null, total: Flow | null): number {
    let most = device?.portionBytes ?? Infinity;
    if (total !== null) most = Math.min(most, total.portionBytes, (total.bytesPerMs * ROUND_MS) / this.active);
    return Math.max(1, Math.floor(most / download.lanes));
  }

  #begin(download: Download): void {
    this.#waiting.delete(download);
    download.begun = true;
    this.#begun += 1;
  }

  #letIn(): void {
    for (const download of this.#waiting) {
      if (this.#begun >= this.#places) return;
      this.#begin(download);
    }
  }

  #end(download: Download): void {
    this.#downloads.delete(download.key);
    if (download.begun) this.#begun -= 1;
    else this.#waiting.delete(download);
    this.#letIn();
  }
}

/** Half of the burst is a portion, the other half makes up for late timers. */
function deviceFlow(bytesPerSecond: number): Flow {
  const bytesPerMs = bytesPerSecond / 1000;
  const halfBytes = Math.min(DEVICE_BURST_BYTES, bytesPerMs * DEVICE_BURST_MS) / 2;
  return { bytesPerMs, burstMs: halfBytes / bytesPerMs, portionBytes: halfBytes };
}

function totalFlow(bytesPerSecond: number): Flow {
  const bytesPerMs = bytesPerSecond / 1000;
  const burstMs = TOTAL_BURST_MS;
  return { bytesPerMs, burstMs, portionBytes: Math.min(TOTAL_PORTION_BYTES, bytesPerMs * burstMs) };
}
