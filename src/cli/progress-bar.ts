// Owns the progress bar of a long operation: drawn on a terminal, silent elsewhere.
import type { Stream } from './terminal.ts';

const WIDTH = 30;
const REDRAW_MS = 100;

export class ProgressBar {
  readonly #stream: Stream;
  readonly #label: string;
  #drawnMs = 0;

  constructor(label: string, stream: Stream) {
    this.#label = label;
    this.#stream = stream;
  }

  /** `length` is null where nobody knows it yet. */
  show(have: number, length: number | null): void {
    const nowMs = performance.now();
    if (!this.#stream.isTTY || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const share = length === null || length === 0 ? null : Math.min(1, have / length);
    const filled = Math.round((share ?? 0) * WIDTH);
    const percent = share === null ? '' : ` ${Math.floor(share * 100)} %`;
    const bar = `${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}`;
    this.#stream.write(`\r${this.#label} [${bar}] ${megabytes(have)} MB${percent}\u001b[K`);
  }

  clear(): void {
    if (this.#stream.isTTY && this.#drawnMs > 0) this.#stream.write('\r\u001b[K');
  }
}

/** One decimal, as people say it. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
