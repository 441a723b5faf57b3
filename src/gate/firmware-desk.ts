// Owns what this gate has for downloads: its Asks, the images in memory, the pace, and how many downloads run in all.
import { HotImages } from '../firmware/hot-images.ts';
import { type Lane, Pacer } from '../firmware/pace.ts';
import type { ToControl } from '../link/messages.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { FirmwareAsks } from './firmware-asks.ts';
import { Questions } from './questions.ts';

// What waits, encrypted, for slow devices in all downloads together; and what a record holds at the least.
const TLS_WAITING_BYTES = 2 * 1024 * 1024;
const TLS_RECORD_BYTES = 4 * 1024;
// Larger and smaller pieces cost more: bench/NOTES.md.
const TLS_MOST_BYTES = 48 * 1024;
const UNSHARED_TELL_MS = 200;

export class FirmwareDesk {
  readonly asks: FirmwareAsks;
  readonly questions: Questions;
  readonly hot = new HotImages();
  readonly #pacer = new Pacer();
  readonly #send: (message: ToControl) => Promise<void>;
  #device: number | null = null;
  #share: number | null = null;
  #elsewhere = 0;
  #most: number | null = null;
  #told = 0;
  #telling = false;

  /** `onHeld`: see FirmwareAsks. */
  constructor(send: (message: ToControl) => Promise<void>, onHeld: (sha256: string) => void) {
    this.#send = send;
    this.asks = new FirmwareAsks(send, onHeld);
    this.questions = new Questions(send);
  }

  apply({ memoryBytes, deviceBytesPerSecond, downloads }: Snapshot['firmware']): void {
    this.hot.set(memoryBytes);
    this.#device = deviceBytesPerSecond;
    this.#most = downloads;
    this.#pacer.set({ device: this.#device, total: this.#share });
  }

  /** This gate's part of the total, and how many downloads the other gates have. */
  onShare(bytesPerSecond: number | null, elsewhere: number): void {
    this.#share = bytesPerSecond;
    this.#elsewhere = elsewhere;
    this.#pacer.set({ device: this.#device, total: this.#share });
  }

  /** Whether as many downloads run as the operator lets run at a time (`firmware.downloads`). */
  get isFull(): boolean {
    return this.#most !== null && this.#pacer.active + this.#elsewhere >= this.#most;
  }

  /** A download's place in the pace. It must be left. */
  join(key: string): Lane {
    const lane = this.#pacer.join(key);
    this.#tell();
    return {
      admission: () => lane.admission(),
      take: (wanted) => lane.take(wanted),
      leave: () => {
        lane.leave();
        this.#tell();
      },
    };
  }

  /** How much one download may write at a time over TLS: the more there are, the less each. */
  get tlsWriteBytes(): number {
    const share = Math.floor(TLS_WAITING_BYTES / Math.max(1, this.#pacer.active) / TLS_RECORD_BYTES);
    return Math.min(TLS_MOST_BYTES, Math.max(1, share) * TLS_RECORD_BYTES);
  }

  /** One message at a time: while it is on its way, the number changes on. Where nothing is shared, it has time. */
  #tell(): void {
    if (this.#telling || this.#pacer.active === this.#told) return;
    this.#telling = true;
    if (this.#share !== null || this.#most !== null) void this.#tellNow();
    else setTimeout(() => void this.#tellNow(), UNSHARED_TELL_MS).unref();
  }

  async #tellNow(): Promise<void> {
    const { active } = this.#pacer;
    this.#told = active;
    await this.#send({ kind: 'downloads', active }).catch(() => {});
    this.#telling = false;
    this.#tell();
  }
}
