// Owns the journal that all machines read in one order: what gates saw. What is written here waits while Redis is gone,
// in a bounded queue; every machine takes each batch once.
import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { errorText, GateError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Replica } from '../replica.ts';
import { keysOf } from './keys.ts';
import type { Pulled } from './pulled.ts';
import type { RedisLink } from './redis-link.ts';
import type { Sealing } from './sealing.ts';

const MAX_WAITING = 50_000;
const BATCH = 200;
const EVERY_MS = 500;
/** Batches that Redis keeps for a machine that is away. */
export const JOURNAL_BATCHES = 20_000;
// Told again where Redis loses what it had: those that another machine may not have read yet.
const MAX_LATELY = 50;
const MAX_RUNS = 500;
// Those of machines that live are the latest; of the others nothing is told again.
const KEPT_RUNS = 50;
const MAX_BYTES = 4 * 1024 * 1024;

type Batch = { number: string; bytes: Buffer };

/** What was taken of a run: all up to `last`, without those that may still be told again. */
type Taken = { last: number; missing: Set<number> };

export type JournalOptions = {
  link: RedisLink;
  sealing: Sealing;
  replica: Replica;
  installation: string;
  log: Log;
  /** Takes what is read, in the order of all machines; `own` for what this one wrote. */
  onItems: (items: unknown[], own: boolean) => void;
};

export class Journal {
  readonly #options: JournalOptions;
  readonly #key: string;
  /** This run of this machine; its batches are numbered from 1. */
  readonly #run = randomBytes(6).toString('hex');
  readonly #read: Map<string, Taken>;
  #number = 0;
  #waiting: unknown[] = [];
  #pending: (Batch & { count: number }) | null = null;
  #lately: Batch[] = [];
  /** Lost by Redis, and to be told again before anything else. */
  #again: Batch[] = [];
  #position: string;
  /** How far this machine had read when Redis lost what it had: what stands there up to here may stand there again. */
  #passed: string;
  #sending = false;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  /** How many were dropped before the queue was full this time; null while it has room. */
  #droppedBefore: number | null = null;
  #lost = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#key = keysOf(options.installation).journal;
    this.#position = options.replica.note('journal') ?? '0-0';
    const { passed, runs } = readNote(options.replica.note('read'));
    this.#passed = passed;
    this.#read = new Map(runs.map(([run, last]) => [run, { last, missing: new Set() }]));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Items of this machine that found no place in the queue. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Batches of others that were gone before this machine read them. */
  get lost(): number {
    return this.#lost;
  }

  position(): string {
    return this.#position;
  }

  /** Past the bound of the queue, the newest are dropped and counted. */
  add(item: unknown): void {
    if (this.#waiting.length >= MAX_WAITING) {
      if (this.#droppedBefore === null)
        this.#options.log.error(
          { event: 'journal-full', waiting: MAX_WAITING },
          `${MAX_WAITING} observations wait for Redis: from here on they are dropped and counted`,
        );
      this.#droppedBefore ??= this.#dropped;
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(item);
    this.#timer ??= setTimeout(() => void this.flush(), EVERY_MS).unref();
  }

  /** Sends what waits. Never throws. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sending || !this.#options.link.there) return;
    this.#sending = true;
    try {
      for (;;) {
        const again = this.#again[0];
        if (again !== undefined) {
          await this.#send(again);
          if (this.#again[0] === again) this.#again.shift();
          continue;
        }
        if (this.#waiting.length === 0) break;
        // One that got no answer may have arrived: it goes out again as it was, and who has it takes it once.
        this.#pending ??= this.#nextBatch();
        const { count, ...batch } = this.#pending;
        await this.#send(batch);
        this.#pending = null;
        this.#waiting.splice(0, count);
        this.#lately.push(batch);
        if (this.#lately.length > MAX_LATELY) this.#lately.shift();
      }
      this.#tellDropped();
    } catch (error) {
      if (!(error instanceof GateError))
        this.#options.log.warn({ event: 'journal-refused', detail: errorText(error) }, 'Redis takes no history');
    } finally {
      this.#sending = false;
    }
  }

  /** Once all that waited is there, and not before: a queue that is full for long would be told again and again. */
  #tellDropped(): void {
    if (this.#droppedBefore === null) return;
    const dropped = this.#dropped - this.#droppedBefore;
    this.#droppedBefore = null;
    this.#options.log.error(
      { event: 'journal-dropped', dropped },
      `Redis has all that waited for it; ${dropped} observations found no place meanwhile, and are missing in the history`,
    );
  }

  #nextBatch(): Batch & { count: number } {
    const batch = this.#waiting.slice(0, BATCH);
    this.#number += 1;
    return {
      number: String(this.#number),
      bytes: deflateRawSync(JSON.stringify(batch), { level: 1 }),
      count: batch.length,
    };
  }

  /** What is left when the process ends, for this machine alone. */
  rest(): unknown[] {
    return this.#waiting.splice(0);
  }

  take(entries: Pulled['entries']): void {
    for (const { id, fields } of entries) {
      this.#position = id;
      const run = fields.get('r')?.toString() ?? '';
      // Of a run that is long over, its numbers forgotten: it was taken when it was passed first.
      if (this.#read.has(run) || isAfter(id, this.#passed)) this.#takeOne(run, fields);
    }
  }

  /** Writes down how far this machine has read, once what was read is safe. */
  keepPosition(): void {
    const { replica } = this.#options;
    if (replica.note('journal') === this.#position) return;
    const runs = [...this.#read].slice(-KEPT_RUNS).map(([run, { last }]): [string, number] => [run, last]);
    replica.setNote('read', JSON.stringify({ passed: this.#passed, runs }));
    replica.setNote('journal', this.#position);
  }

  /** Redis lost what it had, or a part of it: all is read anew, and taken where it was not; what was told lately is told again. */
  onLost(): void {
    if (isAfter(this.#position, this.#passed)) this.#passed = this.#position;
    this.#position = '0-0';
    this.#again = [...this.#lately];
    void this.flush();
  }

  async #send({ number, bytes }: Batch): Promise<void> {
    const sealed = this.#options.sealing.seal(bytes, `journal/${this.#run}/${number}`);
    const keep = ['MAXLEN', '~', String(JOURNAL_BATCHES)];
    await this.#options.link.run(['XADD', this.#key, ...keep, '*', 'r', this.#run, 'n', number, 'b', sealed]);
  }

  #takeOne(run: string, fields: Map<string, Buffer>): void {
    const number = Number(fields.get('n')?.toString());
    const { last, missing } = this.#read.get(run) ?? { last: number - 1, missing: new Set() };
    const late = missing.delete(number);
    if (number <= last && !late) return;
    // What Redis lost may come behind one that its writer told before it knew of the loss.
    for (let gap = Math.max(last + 1, number - MAX_LATELY); gap < number; gap += 1) missing.add(gap);
    for (const old of missing) if (old < number - MAX_LATELY) missing.delete(old);
    this.#lost += late ? -1 : number - last - 1;
    this.#read.delete(run);
    this.#read.set(run, { last: Math.max(last, number), missing });
    for (const oldest of this.#read.keys()) {
      if (this.#read.size <= MAX_RUNS) break;
      this.#read.delete(oldest);
    }
    const plain = this.#options.sealing.open(fields.get('b') ?? Buffer.alloc(0), `journal/${run}/${number}`);
    try {
      if (plain === null) throw new Error('sealed with another key');
      const items: unknown = JSON.parse(inflateRawSync(plain, { maxOutputLength: MAX_BYTES }).toString());
      this.#options.onItems(Array.isArray(items) ? items : [], run === this.#run);
    } catch (error) {
      this.#lost += 1;
      this.#options.log.warn({ event: 'journal-unread', detail: errorText(error) }, 'a batch of the history is lost');
    }
  }
}

/** Whether an entry of the stream stands behind another. */
function isAfter(id: string, other: string): boolean {
  const [[ms = 0, index = 0], [otherMs = 0, otherIndex = 0]] = [partsOf(id), partsOf(other)];
  return ms > otherMs || (ms === otherMs && index > otherIndex);
}

function partsOf(id: string): number[] {
  return id.split('-').map(Number);
}

function readNote(note: string | null): { passed: string; runs: [string, number][] } {
  return note === null ? { passed: '0-0', runs: [] } : JSON.parse(note);
}
