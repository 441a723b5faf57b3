// Carries out `otagate open`, `close` and `openings`: plain HTTP on a device route, for a time.
import type { ClosedOpening } from '../control/admin/opening-schemas.ts';
import type { OpeningStatus } from '../control/openings.ts';
import { askGate } from './admin-client.ts';
import { bodyOf, printAnswer, tellFailure } from './answer.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { describeOpening, openingTable } from './opening-text.ts';
import { WrongUse } from './wrong-use.ts';

/** Durations in milliseconds, moments in milliseconds since the epoch. */
export type OpenOptions = {
  for: number;
  from?: string[];
  reason: string;
  at?: number;
  afterDevices?: number;
  whenIdle?: number;
};

/** @throws {WrongUse} for a begin that is over */
export function open(context: Context, route: string, options: OpenOptions): Promise<number> {
  const { terminal, words } = context;
  const { for: durationMs, from = [], reason, at, afterDevices, whenIdle } = options;
  if (at !== undefined && at <= terminal.now())
    throw new WrongUse(words.usage.pastMoment('--at', new Date(at).toISOString()));
  const content = {
    route,
    durationMs,
    from,
    reason,
    ...(at === undefined ? {} : { startMs: at }),
    ...(afterDevices === undefined && whenIdle === undefined
      ? {}
      : { closeAfter: { devices: afterDevices ?? null, idleMs: whenIdle ?? null } }),
  };
  return printAnswer<OpeningStatus>(context, { method: 'POST', path: '/api/v1/openings', content }, (opening) => [
    ...describeOpening(opening, context),
    words.openings.closeHint(opening.id),
  ]);
}

export async function close(context: Context, routeOrId: string): Promise<number> {
  const { terminal, words, json } = context;
  const reply = await askGate(context, 'DELETE', `/api/v1/openings/${encodeURIComponent(routeOrId)}`);
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const closed = bodyOf<ClosedOpening[]>(reply);
  if (json) terminal.printJson(closed);
  else terminal.print(...closed.map(({ id, route }) => words.openings.closed(id, route)));
  const unwritten = closed.filter(({ notWritten }) => notWritten === true).map(({ id }) => id);
  // Closed is what was asked for, and closed it is.
  if (unwritten.length > 0) terminal.tell(words.openings.notWritten(words.list(unwritten)));
  if (closed.length > 0) return EXIT.well;
  terminal.tell(words.openings.noneSo(JSON.stringify(routeOrId)));
  return EXIT.no;
}

/** @throws {WrongUse} with a `limit`: all of them are shown */
export function listOpenings(context: Context, limit: number | undefined): Promise<number> {
  const { words } = context;
  if (limit !== undefined) throw new WrongUse(words.usage.goesWith('--limit', '--history'));
  return printAnswer<OpeningStatus[]>(context, { method: 'GET', path: '/api/v1/openings' }, (openings) =>
    openings.length === 0 ? [words.openings.none] : openingTable(openings, context),
  );
}
