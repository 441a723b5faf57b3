// Owns openings: those of the configuration and those made by command, which end by themselves and can be closed at once.
import { randomBytes } from 'node:crypto';
import { GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { CloseAfter, Config, OpeningConfig } from '../config/config.ts';
import { nearest } from '../config/suggest.ts';
import { writeDuration } from '../config/units.ts';
import type { GateEvent } from '../link/events.ts';
import type { KeptOpening, State } from '../store/state.ts';
import { type Who, whoSchema } from './admin/audit.ts';
import type { Audit } from './audit.ts';
import { OpeningBook } from './opening-book.ts';
import { OpeningUse } from './opening-use.ts';

export type OpeningRequest = {
  route: string;
  durationMs: number;
  /** CIDR notation; empty: from anywhere. */
  from: string[];
  reason: string;
  /** Null: at once. */
  startMs: number | null;
  closeAfter: CloseAfter;
};

export type OpeningStatus = OpeningConfig & {
  openedMs: number | null;
  declared: boolean;
  openedBy: Who;
  /** OTA checks that it let in, the devices among them, and those that upgraded by its links. */
  uses: number;
  devices: number;
  upgraded: number;
};

// More than any operator reads; each costs the gates a look at every plain request.
const MAX_OPENINGS = 100;

/** A route that an opening can be for. `host` null: under every name of ours. */
export type OpenableRoute = { route: string; role: 'ota-check' | 'firmware'; host: string | null; path: string };

export class Openings {
  readonly #state: State;
  readonly #audit: Audit;
  readonly #book: OpeningBook;
  readonly #now: () => number;
  readonly #use = new Map<string, OpeningUse>();
  /** Those that lasted at the last look. */
  #lasting = new Map<string, OpeningStatus>();
  #changed = false;

  /** `now` never goes back: an opening never lives longer than it was given. */
  constructor(state: State, audit: Audit, log: Log, now: () => number) {
    this.#state = state;
    this.#audit = audit;
    this.#book = new OpeningBook(state, audit, log);
    this.#now = now;
  }

  nowMs(): number {
    return this.#now();
  }

  /** What is open or will be, by the configuration or by command; what ended is left out. */
  list(config: Config): OpeningStatus[] {
    const nowMs = this.#now();
    const closed = this.#state.closedMarks(nowMs);
    const lasts = ({ id, untilMs }: { id: string; untilMs: number }): boolean =>
      untilMs > nowMs && !closed.has(id) && !this.#book.isClosed(id);
    const declared = config.openings.filter(lasts);
    const made = this.#state.openings().filter((opening) => lasts(opening) && isOpenable(config, opening.route));
    return [
      ...declared.map((opening) =>
        this.#withUse({ ...opening, openedMs: null, declared: true, openedBy: 'configuration' }),
      ),
      // A route that was removed or changed its role since takes its openings with it.
      ...made.map(({ upgraded: _, lastUsedMs: __, openedBy, ...opening }) =>
        this.#withUse({ ...opening, declared: false, openedBy: whoSchema.catch('gate').parse(openedBy) }),
      ),
    ];
  }

  /**
   * Opens a device route to plain HTTP for a time.
   * @throws {GateError} OPENING_REFUSED with the reason and what can be opened
   */
  open(config: Config, request: OpeningRequest, who: Who): OpeningStatus {
    const nowMs = this.#now();
    const { route, durationMs, from, reason, startMs, closeAfter } = request;
    refuseRoute(config, route);
    const { openingMs } = config.limits;
    if (durationMs > openingMs) {
      throw refusal(
        `an opening lasts ${writeDuration(openingMs)} at most (limits.opening), not ${writeDuration(durationMs)}`,
      );
    }
    if (this.list(config).length >= MAX_OPENINGS)
      throw refusal(`${MAX_OPENINGS} openings are open already: close some first`);
    const opening: KeptOpening = {
      id: `open-${randomBytes(4).toString('hex')}`,
      route,
      from,
      openedMs: nowMs,
      startMs: startMs === null || startMs <= nowMs ? null : startMs,
      untilMs: Math.max(nowMs, startMs ?? nowMs) + durationMs,
      reason,
      openedBy: who,
      closeAfter,
      upgraded: 0,
      lastUsedMs: null,
    };
    this.#state.addOpening(opening);
    const made = this.list(config).find(({ id }) => id === opening.id);
    if (made === undefined) throw new GateError('INTERNAL', 'the opening was not kept', { fault: 'gate' });
    this.#audit.note('opened', who, describe(made));
    this.#lasting.set(made.id, made);
    return made;
  }

  /**
   * Closes one opening by its id, or all of a route: from here on they are closed, and `write` writes it down. Gives back
   * what was closed; empty where nothing fits.
   */
  close(config: Config, routeOrId: string, who: Who, why = 'by command'): OpeningStatus[] {
    const closed = this.list(config).filter(({ id, route }) => id === routeOrId || route === routeOrId);
    for (const opening of closed) {
      const { id, declared, untilMs } = opening;
      this.#book.close(id, declared, untilMs, { what: 'closed', who, detail: `${describe(opening)}; ${why}` });
      this.#forget(id);
    }
    return closed;
  }

  /** Whether one that was closed may be open again after a restart, since the disk takes nothing. */
  isUnwritten(id: string): boolean {
    return this.#book.isClosed(id);
  }

  /** Closes all that were made by command: how long they have lasted cannot be known. */
  closeMade(config: Config, why: string): void {
    for (const { id, declared } of this.list(config)) if (!declared) this.close(config, id, 'gate', why);
    this.write();
  }

  /** Writes what the disk has not taken yet. Never throws. */
  write(): void {
    this.#book.write(this.#now());
  }

  /** Whether a count changed, or one ended, since this was asked last. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /**
   * Takes what gates saw: who came through an opening, and who upgraded by its links. `own`: those of this machine, which
   * alone tells of it.
   */
  observe(event: GateEvent, own = true): void {
    if (event.event === 'check' && event.opening !== null) {
      this.#changed = true;
      const isFirst = this.#useOf(event.opening).came(event.device, event.atMs);
      if (isFirst && own)
        this.#audit.note('used', 'gate', `${event.opening} by ${event.device ?? 'a client'} from ${event.client}`);
    }
    if (
      event.event === 'download' &&
      event.promised?.opening != null &&
      event.complete &&
      event.bytes === event.length &&
      event.device !== null
    ) {
      this.#useOf(event.promised.opening).took(event.device, event.promised.version ?? '', event.atMs);
    }
    if (event.event === 'check' && event.device !== null) {
      for (const [id, use] of this.#use) {
        if (!use.checkedIn(event.device, event.version ?? '')) continue;
        this.#book.use(id, use);
        this.#changed = true;
      }
    }
  }

  /** Ends what is over, by its time or earlier by its own rule; `write` writes it down. Gives back what the gates must hear of. */
  sweep(config: Config): OpeningStatus[] {
    const nowMs = this.#now();
    const lasting = this.list(config);
    const early = lasting.flatMap((opening) => {
      const why = this.#use.get(opening.id)?.isOver(opening, nowMs) ?? null;
      return why === null ? [] : this.close(config, opening.id, 'gate', why);
    });
    const ids = new Set(lasting.map(({ id }) => id));
    const before = new Set(this.#lasting.keys());
    for (const opening of this.#lasting.values()) {
      if (ids.has(opening.id) || opening.untilMs > nowMs) continue;
      this.#audit.note('ended', 'gate', describe(opening));
      this.#forget(opening.id);
    }
    // Those that ended while nobody looked are here for the last time.
    for (const { id, route, untilMs } of this.#state.openings()) {
      if (untilMs > nowMs || this.#book.isClosed(id)) continue;
      const detail = `${id} of route ${route}, while the gate was down`;
      this.#book.close(id, false, untilMs, before.has(id) ? null : { what: 'ended', who: 'gate', detail });
      this.#forget(id);
    }
    // Closed on another machine, or used by a download that ended after it: past its bound this map takes no new ones.
    for (const id of this.#use.keys()) if (!ids.has(id)) this.#use.delete(id);
    const left = new Set(early.map(({ id }) => id));
    this.#lasting = new Map(lasting.filter(({ id }) => !left.has(id)).map((opening) => [opening.id, opening]));
    return early;
  }

  #useOf(id: string): OpeningUse {
    const known = this.#use.get(id);
    if (known !== undefined) return known;
    const kept = this.#state.openings().find((opening) => opening.id === id);
    const use = new OpeningUse(kept?.upgraded ?? 0, kept?.lastUsedMs ?? null);
    // An id comes from a seal or a snapshot of ours, so there are as many as there were openings.
    if (this.#use.size < 2 * MAX_OPENINGS) this.#use.set(id, use);
    return use;
  }

  #withUse(opening: Omit<OpeningStatus, 'uses' | 'devices' | 'upgraded'>): OpeningStatus {
    const use = this.#useOf(opening.id);
    return { ...opening, uses: use.uses, devices: use.devices, upgraded: use.upgraded };
  }

  #forget(id: string): void {
    this.#changed = true;
    this.#use.delete(id);
    this.#lasting.delete(id);
  }
}

function describe({ id, route, from, untilMs, reason }: OpeningStatus): string {
  const whom = from.join(', ') || 'everyone';
  return `${id} of route ${route} for ${whom} until ${new Date(untilMs).toISOString()}${reason === '' ? '' : `: ${reason}`}`;
}

function refuseRoute(config: Config, name: string): void {
  const openable = openableRoutes(config.routes).map(({ route }) => route);
  if (openable.includes(name)) return;
  const known = config.routes.find((route) => route.name === name);
  const can = openable.length === 0 ? 'there is none here' : `here: ${openable.join(', ')}`;
  if (known === undefined) {
    const meant = nearest(name, openable);
    throw refusal(
      `there is no route ${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`} What can be opened, ${can}`,
    );
  }
  throw refusal(
    `route ${name} cannot be opened to plain HTTP: only the OTA check and firmware routes can, since everything else carries passwords, or addresses that a device keeps for good (${can})`,
  );
}

function isOpenable(config: Config, name: string): boolean {
  return openableRoutes(config.routes).some(({ route }) => route === name);
}

/** What can be opened, the OTA checks first: an opening of one covers the firmware links that it hands out. */
export function openableRoutes(routes: Config['routes']): OpenableRoute[] {
  const ofRole = (role: OpenableRoute['role']): OpenableRoute[] =>
    routes
      .filter((route) => route.role === role)
      .map(({ name, host, path }) => ({ route: name, role, host: host ?? null, path }));
  return [...ofRole('ota-check'), ...ofRole('firmware')];
}

function refusal(message: string): GateError {
  return new GateError('OPENING_REFUSED', message, { fault: 'client', status: 409 });
}
