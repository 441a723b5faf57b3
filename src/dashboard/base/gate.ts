// Owns the page's picture of the gate: what was fetched last, kept fresh by events, or by asking again while they are out.
import type { Device, DevicePage, Fill, Firmware, LogLine, Opening, Status, Traffic, TrafficPoint } from '../api.ts';
import type { Troubled } from './attention.ts';
import { Cell } from './cell.ts';
import type { Client } from './client.ts';
import { readJson, type StreamMessage } from './event-stream.ts';
import { Live } from './live.ts';
import { LogBook } from './log-book.ts';
import { withPoint } from './traffic.ts';

/** `polling`: no events, but the gate answers. `lost`: it does not answer. */
export type Connection = 'connecting' | 'live' | 'polling' | 'lost';

const ASK_EVERY_MS = 5_000;
// Events come in swarms; asking once for all of them is enough.
const GATHER_MS = 400;
const LOG_TOLD_EVERY_MS = 250;
// The gate's clock and ours agree to the second; a browser's timer holds 24 days at the most.
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 86_400_000;

export class Gate {
  readonly client: Client;
  readonly connection = new Cell<Connection>('connecting');
  readonly status = new Cell<Status | null>(null);
  readonly openings = new Cell<Opening[] | null>(null);
  readonly firmware = new Cell<Firmware | null>(null);
  readonly troubled = new Cell<Troubled | null>(null);
  readonly traffic = new Cell<Traffic | null>(null);
  /** The device that was told of last; a new object for each. */
  readonly device = new Cell<Device | null>(null);
  readonly log = new LogBook();
  /** Counts up as the log changes. */
  readonly logChanges = new Cell(0);
  readonly #live: Live;
  readonly #gathered = new Map<string, number>();
  #asking: number | undefined;
  #ending: number | undefined;
  #logTold: number | undefined;
  #logWaiting: LogLine[] = [];

  constructor(client: Client) {
    this.client = client;
    this.#live = new Live({
      open: (lastEventId, signal) => client.events(lastEventId, signal),
      onMessage: (message) => this.#hear(message),
      onState: (state) => this.#onLine(state === 'live'),
    });
  }

  /** The gate's time. */
  nowMs = (): number => Date.now() + this.client.skewMs;

  start(): void {
    void this.refresh();
    this.#live.start();
    window.addEventListener('online', this.#hurry);
    document.addEventListener('visibilitychange', this.#hurry);
  }

  stop(): void {
    this.#live.stop();
    clearInterval(this.#asking);
    this.#asking = undefined;
    clearTimeout(this.#ending);
    clearTimeout(this.#logTold);
    for (const timer of this.#gathered.values()) clearTimeout(timer);
    window.removeEventListener('online', this.#hurry);
    document.removeEventListener('visibilitychange', this.#hurry);
  }

  /** Fetches everything that is kept here; rejects never. */
  async refresh(): Promise<void> {
    await Promise.all([this.#refreshChanging(), this.#fetch<Traffic>('traffic', this.traffic)]);
  }

  refreshStatus = (): Promise<void> => this.#fetch('status', this.status);
  refreshOpenings = async (): Promise<void> => {
    await this.#fetch('openings', this.openings);
    this.#watchEnd();
  };
  refreshFirmware = (): Promise<void> => this.#fetch('firmware', this.firmware);

  async loadLog(): Promise<void> {
    const lines = await this.client.get<LogLine[]>('log?limit=500');
    this.log.merge(lines);
    this.logChanges.set(this.logChanges.value + 1);
  }

  #refreshChanging = async (): Promise<void> => {
    await Promise.all([this.refreshStatus(), this.refreshOpenings(), this.refreshFirmware(), this.#refreshTroubled()]);
  };

  #refreshTroubled = async (): Promise<void> => {
    const count = async (state: string): Promise<number> =>
      (await this.client.get<DevicePage>(`devices?state=${state}&limit=1`)).total;
    try {
      const [failed, withheld] = await Promise.all([count('failed'), count('withheld')]);
      this.troubled.set({ failed, withheld });
    } catch {
      // the connection tells
    }
  };

  async #fetch<T>(path: string, cell: Cell<T | null>): Promise<void> {
    try {
      cell.set(await this.client.get<T>(path));
      if (this.connection.value === 'lost') this.connection.set('polling');
    } catch {
      if (this.connection.value !== 'live') this.connection.set('lost');
    }
  }

  /** Takes away what is over, also where the gate cannot be asked, and then asks. */
  #watchEnd(): void {
    clearTimeout(this.#ending);
    const ends = (this.openings.value ?? []).map(({ untilMs }) => untilMs);
    if (ends.length === 0) return;
    const waitMs = Math.min(Math.max(Math.min(...ends) - this.nowMs(), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
    this.#ending = window.setTimeout(() => {
      const nowMs = this.nowMs();
      this.openings.set(this.openings.value?.filter(({ untilMs }) => untilMs > nowMs) ?? null);
      void this.refreshOpenings();
    }, waitMs);
  }

  #hurry = (): void => {
    if (document.visibilityState === 'visible') this.#live.hurry();
  };

  #onLine(live: boolean): void {
    if (live) {
      clearInterval(this.#asking);
      this.#asking = undefined;
      const wasAway = this.connection.value !== 'connecting';
      this.connection.set('live');
      // What was missed while the line was broken may be more than the gate could keep for us.
      if (wasAway) void this.refresh();
      return;
    }
    if (this.connection.value === 'live' || this.connection.value === 'connecting') this.connection.set('polling');
    if (this.#asking !== undefined) return;
    this.#asking = window.setInterval(() => void this.refresh(), ASK_EVERY_MS);
    void this.refresh();
  }

  #hear({ event, data }: StreamMessage): void {
    const value = readJson(data);
    // It also stands for whatever was too much to tell.
    if (event === 'status') this.#gather('all', this.#refreshChanging);
    else if (event === 'opening') {
      this.#gather('openings', this.refreshOpenings);
      this.#gather('status', this.refreshStatus);
    } else if (typeof value !== 'object' || value === null) return;
    else if (event === 'device') {
      this.device.set(value as Device);
      this.#gather('troubled', this.#refreshTroubled);
    } else if (event === 'fill') this.#takeFill(value as Fill);
    else if (event === 'traffic') this.#takePoint(value as TrafficPoint);
    else if (event === 'log') this.#takeLine(value as LogLine);
  }

  #gather(name: string, ask: () => Promise<void>): void {
    if (this.#gathered.has(name)) return;
    const timer = window.setTimeout(() => {
      this.#gathered.delete(name);
      void ask();
    }, GATHER_MS);
    this.#gathered.set(name, timer);
  }

  #takeFill(fill: Fill): void {
    const { value } = this.firmware;
    if (value === null) return;
    const others = value.fills.filter(({ id }) => id !== fill.id);
    this.firmware.set({ ...value, fills: [...others, fill] });
    // Its end, whole or failed, changes the list; the list says which.
    if (others.length === value.fills.length || fill.have === fill.length)
      this.#gather('firmware', this.refreshFirmware);
  }

  #takePoint(point: TrafficPoint): void {
    const { value } = this.traffic;
    if (value !== null) this.traffic.set({ ...value, points: withPoint(value.points, point) });
  }

  #takeLine(line: LogLine): void {
    this.#logWaiting.push(line);
    this.#logTold ??= window.setTimeout(() => {
      this.#logTold = undefined;
      this.log.add(this.#logWaiting.splice(0));
      this.logChanges.set(this.logChanges.value + 1);
    }, LOG_TOLD_EVERY_MS);
  }
}
