// Owns a ring of texts: the last ones, bounded in number and in bytes, each with a number that grows.

export type RingEntry = { id: number; text: string };

export class TextRing {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #entries: RingEntry[] = [];
  #bytes = 0;
  #nextId = 1;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get newestId(): number {
    return this.#nextId - 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a text that may hold its own number. Past the bounds the oldest go; one that is larger than all goes itself. */
  add(makeText: (id: number) => string): RingEntry {
    const entry = { id: this.#nextId, text: makeText(this.#nextId) };
    this.#nextId += 1;
    this.#entries.push(entry);
    this.#bytes += Buffer.byteLength(entry.text);
    while (this.#entries.length > this.#maxEntries || this.#bytes > this.#maxBytes) {
      this.#bytes -= Buffer.byteLength(this.#entries.shift()?.text ?? '');
    }
    return entry;
  }

  /** The last so many, oldest first. */
  last(count: number): RingEntry[] {
    return this.#entries.slice(-count);
  }

  /** What came after this number, or null where some of it is gone already, or the number is none of ours. */
  after(id: number): RingEntry[] | null {
    if (id > this.newestId) return null;
    const found = this.#entries.filter((entry) => entry.id > id);
    return found.length === this.newestId - id ? found : null;
  }
}
