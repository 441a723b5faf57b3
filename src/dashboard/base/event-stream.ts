// Owns the reading of server-sent events (WHATWG HTML, "Parsing an event stream") and of lines of JSON, as text arrives.

export type StreamMessage = { event: string; id: string; data: string };

// A line of the log is bounded by the gate; what is longer is no event of ours.
const MAX_WAITING = 1_000_000;

/** Cuts text that arrives in pieces into lines. A line that grows past a megabyte is thrown away. */
export class LineCutter {
  #rest = '';

  push(text: string): string[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_WAITING) this.#rest = '';
    return lines;
  }

  /** The last line, which had no end. */
  end(): string {
    return this.#rest;
  }
}

export class EventStreamReader {
  readonly #cutter = new LineCutter();
  #event = '';
  #data: string[] = [];
  #id = '';

  /** Gives the messages that this text completes; comments are left out. */
  push(text: string): StreamMessage[] {
    return this.#cutter.push(text).flatMap((line) => this.#take(line));
  }

  #take(line: string): StreamMessage[] {
    if (line === '') return this.#finish();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return [];
  }

  #finish(): StreamMessage[] {
    const message = { event: this.#event || 'message', id: this.#id, data: this.#data.join('\n') };
    const complete = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    return complete ? [message] : [];
  }
}

/** The value of a line of JSON, or null where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
