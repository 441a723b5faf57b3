// Owns openings: those of the configuration and those made by command, which end by themselves and can be closed at once.
import { randomBytes } from 'node:crypto';
import { GateError } from '../base/errors.ts';
import type { Config, OpeningConfig } from '../config/config.ts';
import { nearest } from '../config/suggest.ts';
import { writeDuration } from '../config/units.ts';
import type { State } from '../store/state.ts';

export type OpeningRequest = {
  route: string;
  durationMs: number;
  /** CIDR notation; empty: from anywhere. */
  from: string[];
  reason: string;
};

export type OpeningStatus = OpeningConfig & { openedMs: number | null; declared: boolean };

// More than any operator reads; each costs the gates a look at every plain request.
const MAX_OPENINGS = 100;

export class Openings {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** What is open at this time, by the configuration or by command; what ended is left out. */
  list(config: Config, nowMs: number): OpeningStatus[] {
    const closed = this.#state.closedMarks(nowMs);
    const declared = config.openings.filter(({ id, untilMs }) => untilMs > nowMs && !closed.has(id));
    return [
      ...declared.map((opening) => ({ ...opening, openedMs: null, declared: true })),
      // A route that was removed or changed its role since takes its openings with it.
      ...this.#state
        .openings(nowMs)
        .filter(({ route }) => isOpenable(config, route))
        .map((opening) => ({ ...opening, declared: false })),
    ];
  }

  /**
   * Opens a device route to plain HTTP for a time.
   * @throws {GateError} OPENING_REFUSED with the reason and what can be opened
   */
  open(config: Config, request: OpeningRequest, nowMs: number): OpeningStatus {
    const { route, durationMs, from, reason } = request;
    refuseRoute(config, route);
    const { openingMs } = config.limits;
    if (durationMs > openingMs) {
      throw refusal(
        `an opening lasts ${writeDuration(openingMs)} at most (limits.opening), not ${writeDuration(durationMs)}`,
      );
    }
    if (this.list(config, nowMs).length >= MAX_OPENINGS)
      throw refusal(`${MAX_OPENINGS} openings are open already: close some first`);
    const opening = {
      id: `open-${randomBytes(4).toString('hex')}`,
      route,
      from,
      openedMs: nowMs,
      untilMs: nowMs + durationMs,
      reason,
    };
    this.#state.addOpening(opening);
    return { ...opening, declared: false };
  }

  /** Closes one opening by its id, or all of a route. Gives back what was closed; empty where nothing fits. */
  close(config: Config, routeOrId: string, nowMs: number): OpeningStatus[] {
    const closed = this.list(config, nowMs).filter(({ id, route }) => id === routeOrId || route === routeOrId);
    for (const { id, declared, untilMs } of closed) {
      if (declared) this.#state.markClosed(id, untilMs, nowMs);
      else this.#state.removeOpening(id);
    }
    return closed;
  }
}

function refuseRoute(config: Config, name: string): void {
  const openable = config.routes.filter((route) => isOpenable(config, route.name)).map((route) => route.name);
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
  const role = config.routes.find((route) => route.name === name)?.role;
  return role === 'ota-check' || role === 'firmware';
}

function refusal(message: string): GateError {
  return new GateError('OPENING_REFUSED', message, { fault: 'client', status: 409 });
}
