// Owns the way of changes between this machine's copy and Redis: what changed here is told, what changed elsewhere is
// taken, an emptied Redis is filled again from the copies, and nothing is missed, whatever was missed of the nudges.
import { randomBytes } from 'node:crypto';
import { errorText, GateError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { isSame, judge } from '../record-rules.ts';
import type { Replica, ReplicaRow, StateRecord } from '../replica.ts';
import { ForkWatch } from './fork.ts';
import { channelOf, type Keys, keysOf } from './keys.ts';
import { type Pulled, readPull } from './pulled.ts';
import type { RedisLink } from './redis-link.ts';
import { BEGIN, PULL, PUT } from './scripts.ts';
import type { Sealing } from './sealing.ts';

/** Of what stands in Redis. A newer otagate goes on with an older one until all machines have it. */
export const STORE_FORMAT = 1;

const EVERY_MS = 1_000;
const COMPARE_EVERY_MS = 5 * 60_000;
const PAGE = 500;
const ENTRIES = 100;
const TELL = 100;
const COMPLAIN_EVERY_MS = 60_000;

export type ReplicatorOptions = {
  link: RedisLink;
  sealing: Sealing;
  replica: Replica;
  installation: string;
  log: Log;
  /** This machine's id, and what it says of itself to the others. */
  machine: string;
  about: () => Record<string, unknown>;
  clock: { now: () => number; atLeast: (ms: number) => void };
  /** Records that others changed; they stand in the copy already. */
  onRecords: (records: StateRecord[]) => void;
  journal: {
    position: () => string;
    take: (entries: Pulled['entries']) => void;
    /** Redis lost what it had: what was told lately is told again. */
    onLost: () => void;
  };
};

export class Replicator {
  readonly #options: ReplicatorOptions;
  readonly #keys: Keys;
  readonly #fork: ForkWatch;
  #seq: number;
  #turn: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #every: NodeJS.Timeout | undefined;
  #comparedMs = Number.NEGATIVE_INFINITY;
  #complainedMs = Number.NEGATIVE_INFINITY;
  #machines: Pulled['machines'] = [];
  #pulledMs: number | null = null;
  /** A newer otagate's, or sealed with another key: it is neither read nor written. */
  refused: string | null = null;
  rebuilt = 0;

  constructor(options: ReplicatorOptions) {
    this.#options = options;
    this.#keys = keysOf(options.installation);
    this.#fork = new ForkWatch(options.replica);
    this.#seq = Number(options.replica.note('seq') ?? 0);
  }

  /** Those that were here within the last day, this one among them; `agoMs` before the last look. */
  get machines(): Pulled['machines'] {
    return this.#machines;
  }

  /** When this machine heard of the others last; milliseconds since the epoch. */
  get pulledMs(): number | null {
    return this.#pulledMs;
  }

  /** The last change that stands in this machine's copy. */
  get seq(): number {
    return this.#seq;
  }

  start(): void {
    this.#every = setInterval(() => void this.sync(), EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#every);
    clearTimeout(this.#timer);
    await this.sync();
  }

  /** Changes a record; the others hear of it at once where they can, else when they can. */
  put(name: string, value: unknown): void {
    if (this.#options.replica.change(name, value)) this.#soon();
  }

  /** Tells and hears all that there is by now. Never throws: what cannot be done now is done later. */
  sync(): Promise<void> {
    if (this.#turn !== null) {
      this.#again = true;
      return this.#turn;
    }
    this.#turn = this.#run().finally(() => {
      this.#turn = null;
    });
    return this.#turn;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.sync();
    }, 10);
  }

  async #run(): Promise<void> {
    const { link, log } = this.#options;
    if (!link.there || this.refused !== null) return;
    try {
      do {
        this.#again = false;
        await this.#round();
      } while (this.#again);
    } catch (error) {
      if (error instanceof GateError && error.code === 'STORE_GONE') return;
      if (errorText(error).startsWith('EPOCH')) return; // seen at the next look
      if (Math.abs(Date.now() - this.#complainedMs) < COMPLAIN_EVERY_MS) return;
      this.#complainedMs = Date.now();
      log.error(
        { event: 'store-trouble', detail: errorText(error) },
        `Redis does not do what it is asked (${errorText(error)}): changes and history wait on this machine`,
      );
    }
  }

  async #round(): Promise<void> {
    const { replica } = this.#options;
    let pulled = await this.#pull(this.#seq);
    if (pulled.epoch === '') {
      const epoch = randomBytes(8).toString('hex');
      await this.#options.link.runScript(BEGIN, [this.#keys.meta], [epoch, String(STORE_FORMAT), String(this.#seq)]);
      pulled = await this.#pull(this.#seq);
    }
    if (pulled.format > STORE_FORMAT) {
      this.#refuse(newer(pulled.format));
      return;
    }
    const known = replica.note('epoch');
    const lost = known !== null && known !== pulled.epoch;
    const forked = this.#fork.isForked(pulled, this.#seq);
    const back = known !== null && !lost && (pulled.seq < this.#seq || forked);
    if (known !== pulled.epoch || back || performance.now() - this.#comparedMs > COMPARE_EVERY_MS) {
      await this.#compare(pulled.epoch, known === null ? 'first' : lost ? 'lost' : back ? 'back' : 'regular');
      if (this.refused !== null) return;
    } else {
      this.#take(pulled);
      if (pulled.changed.length === PAGE || pulled.entries.length === ENTRIES) this.#again = true;
    }
    await this.#tell(pulled.changed.length > 0);
  }

  /** Looks at every record of Redis, and puts there what it has not, or has older. */
  async #compare(epoch: string, why: 'first' | 'lost' | 'back' | 'regular'): Promise<void> {
    const { replica, log, journal } = this.#options;
    const versions = new Map<string, number>();
    this.#seq = 0;
    for (;;) {
      const pulled = await this.#pull(this.#seq);
      for (const { name, version } of pulled.changed) versions.set(name, version);
      this.#take(pulled, why === 'back');
      if (this.refused !== null) return;
      if (pulled.changed.length < PAGE) break;
    }
    replica.setNote('epoch', epoch);
    const missing: ReplicaRow[] = [];
    for (const row of replica.all()) {
      if (row.untold > 0 || (versions.get(row.name) ?? 0) >= row.version) continue;
      // What it has older than this machine it can only have lost.
      if (why === 'lost' || why === 'back' || versions.has(row.name)) missing.push(row);
      // Removed so long ago that nobody remembers.
      else this.#drop(row);
    }
    for (let at = 0; at < missing.length; at += TELL) await this.#send(missing.slice(at, at + TELL), { keep: true });
    this.#comparedMs = performance.now();
    if (why !== 'lost' && why !== 'back') return;
    this.rebuilt += 1;
    journal.onLost();
    log.error(
      { event: 'store-rebuilt', why, records: missing.length },
      why === 'lost'
        ? `Redis had lost what it kept: ${missing.length} records were put back from this machine's own copy`
        : `Redis has gone back to an older state: ${missing.length} records were put back from this machine's own copy`,
    );
    this.#again = true;
  }

  #drop(row: ReplicaRow): void {
    this.#options.replica.forget(row.name);
    if (row.value !== null) this.#options.onRecords([{ name: row.name, value: null }]);
  }

  async #pull(since: number): Promise<Pulled> {
    const { link, machine, about, clock, journal } = this.#options;
    const { meta, changes, records, machines, journal: stream } = this.#keys;
    const said = JSON.stringify(about());
    const seen = [String(since), String(PAGE), journal.position(), String(ENTRIES)];
    const args = [...seen, machine, said, String(clock.now()), this.#fork.last];
    const pulled = readPull(await link.runScript(PULL, [meta, changes, records, machines, stream], args));
    this.#machines = pulled.machines;
    this.#pulledMs = Date.now();
    clock.atLeast(pulled.clockMs);
    return pulled;
  }

  /** `settles`: what this machine told may have been lost with another Redis, so that every difference is judged. */
  #take(pulled: Pulled, settles = false): void {
    const { replica, sealing, onRecords, journal } = this.#options;
    const news: StateRecord[] = [];
    for (const { name, version, sealed } of pulled.changed) {
      const plain = sealed.length === 0 ? null : sealing.open(sealed, name);
      if (sealed.length > 0 && plain === null) {
        this.#refuse(otherKey(name));
        return;
      }
      const value: unknown = plain === null ? null : JSON.parse(plain.toString());
      const own = replica.read(name);
      const verdict = judge(name, own, { value, version }, settles);
      if (verdict === 'retell') replica.retell(name, version);
      if (verdict !== 'take') continue;
      replica.take(name, value, version);
      if (!isSame(own?.value ?? null, value)) news.push({ name, value });
    }
    const last = pulled.changed.at(-1);
    if (last !== undefined) {
      this.#seq = last.seq;
      this.#fork.saw(this.#seq, last.name);
      // The others wait to hear that this machine has it.
      this.#again = true;
    }
    if (news.length > 0) onRecords(news);
    journal.take(pulled.entries);
  }

  /** `hasHeard`: whether there was anything new in this round. */
  async #tell(hasHeard: boolean): Promise<void> {
    const { replica } = this.#options;
    const rows = replica.untold(TELL);
    if (rows.length === 0) return;
    const versions = await this.#send(rows, {});
    for (const [index, { name, untold }] of rows.entries()) {
      const version = versions[index] ?? 0;
      if (version > 0) replica.told(name, version, untold);
    }
    const taken = versions.filter((version) => version > 0).length;
    this.#fork.told(taken, hasHeard);
    // What another machine was quicker with comes with the next look, and is judged there.
    this.#again = true;
  }

  async #send(rows: readonly ReplicaRow[], how: { keep?: boolean }): Promise<number[]> {
    const { link, replica, installation } = this.#options;
    const { meta, changes, records, left } = this.#keys;
    const args = rows.flatMap(({ name, value, version }) => [
      name,
      String(version),
      value === null ? '' : this.#options.sealing.seal(Buffer.from(JSON.stringify(value)), name),
      how.keep === true ? String(version) : '',
    ]);
    const epoch = replica.note('epoch') ?? '';
    const all = [epoch, channelOf(installation), ...args];
    const reply = await link.runScript(PUT, [meta, changes, records, left], all);
    return Array.isArray(reply) ? reply.map((version) => Number(String(version))) : [];
  }

  #refuse(why: string): void {
    this.refused = why;
    this.#options.log.error({ event: 'store-refused' }, why);
  }
}

function newer(format: number): string {
  return `Redis holds version ${format} of the state, this otagate knows ${STORE_FORMAT}: run the newer otagate here, too; until then this machine goes on with its own copy`;
}

function otherKey(name: string): string {
  return `${name} in Redis is sealed with another key, or was changed by a stranger: give every machine the same store.encryptionKey; until then this machine goes on with its own copy`;
}
