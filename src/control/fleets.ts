// Owns what each board's devices come from and go to: the image that they ran stays in the store until the new one has
// proved itself, so that there is a way back.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { GateEvent } from '../link/events.ts';
import type { StoredImage } from '../ota/rollout.ts';
import type { OutcomeShare } from '../store/history.ts';
import { type KeptFleet, MAX_FLEETS, type RolloutStore } from '../store/rollout-store.ts';

export type FleetsParts = {
  store: RolloutStore;
  images: () => StoredImage[];
  share: (board: string, version: string) => OutcomeShare;
  /** What a device ran at its last check, or null. */
  running: (device: string) => { board: string; version: string } | null;
  log: Log;
  now: () => number;
};

// So many devices upgraded, and few failed: then the version before is no longer needed.
const PROVED_BY = 5;
const PROVED_FAILURES = 0.2;

export class Fleets {
  readonly #parts: FleetsParts;
  #fleets = new Map<string, KeptFleet>();

  constructor(parts: FleetsParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async load(): Promise<void> {
    try {
      this.#fleets = new Map((await this.#parts.store.fleets()).map((fleet) => [fleet.board, fleet]));
    } catch (error) {
      this.#complain(error);
    }
  }

  /** A device that uses a link made for it shows where its board comes from; what is only claimed shows nothing. */
  observe(event: GateEvent): void {
    if (event.event !== 'download-begun' || event.promised === null || event.device === null) return;
    const to = event.promised.version;
    const ran = this.#parts.running(event.device);
    const board = event.promised.board ?? ran?.board ?? '';
    if (to === null || ran === null || board === '' || ran.version === '' || ran.version === to) return;
    const known = this.#fleets.get(board);
    if (known?.to === to && (known.from === ran.version || this.#image(board, known.from) !== undefined)) return;
    const fleet = { board, from: ran.version, to, sinceMs: this.#parts.now() };
    this.#fleets.delete(board);
    this.#fleets.set(board, fleet);
    for (const oldest of this.#fleets.keys()) {
      if (this.#fleets.size <= MAX_FLEETS) break;
      this.#fleets.delete(oldest);
    }
    this.#parts.store.putFleet(fleet).catch((error: unknown) => this.#complain(error));
  }

  /** The version that a board's devices came from, where the store has its image. */
  cameFrom(board: string): string | null {
    const fleet = this.#fleets.get(board);
    return fleet !== undefined && this.#image(board, fleet.from) !== undefined ? fleet.from : null;
  }

  boards(): string[] {
    return [...this.#fleets.keys()];
  }

  /** The images that devices may have to go back to. */
  needed(): Set<string> {
    const images = [...this.#fleets.values()]
      .filter(({ board, to }) => !this.#hasProved(board, to))
      .flatMap(({ board, from }) => this.#image(board, from) ?? []);
    return new Set(images.map(({ sha256 }) => sha256));
  }

  #hasProved(board: string, version: string): boolean {
    const { upgraded, failed } = this.#parts.share(board, version);
    return upgraded >= PROVED_BY && failed / (upgraded + failed) <= PROVED_FAILURES;
  }

  #image(board: string, version: string): StoredImage | undefined {
    return this.#parts.images().find((image) => image.board === board && image.app.version === version);
  }

  #complain(error: unknown): void {
    this.#parts.log.warn({ event: 'fleets-not-kept', detail: errorText(error) }, 'where fleets come from is not kept');
  }
}
