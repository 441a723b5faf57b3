// Owns how an opening is told: in a few lines after it was made, in a row of the table of all.
import { printable } from '../base/printable.ts';
import type { OpeningStatus } from '../control/openings.ts';
import type { Context } from './context.ts';
import { table } from './table.ts';
import { duration, localMoment, localTime } from './times.ts';
import { worded } from './worded.ts';

const MAX_REASON = 200;

/** One opening: which, for whom, from when until when, by whom, who came, and what closes it earlier. */
export function describeOpening(opening: OpeningStatus, { words, terminal }: Context): string[] {
  const { openings: say } = words;
  const { id, route, from, untilMs, reason, openedBy, devices, upgraded } = opening;
  const startMs = opening.startMs ?? opening.openedMs;
  const planned = startMs !== null && startMs > terminal.now();
  const lasts = duration(untilMs - Math.max(terminal.now(), startMs ?? 0), words.units);
  const until = localMoment(untilMs);
  const early = earlyEnd(opening, words);
  const more = [
    startMs === null ? say.lasts(until, lasts) : (planned ? say.begins : say.since)(localMoment(startMs), until, lasts),
    say.openedBy(worded(words.who, openedBy)),
    ...(planned ? [] : [say.devices(devices, upgraded)]),
    ...(early === '' ? [] : [say.closesEarly(early)]),
    ...(reason === '' ? [] : [say.reason(printable(reason, MAX_REASON))]),
  ];
  return [(planned ? say.planned : say.opened)(id, route, from), ...more.map((line) => `  ${line}`)];
}

/** All of them, in columns. */
export function openingTable(openings: readonly OpeningStatus[], { words, terminal }: Context): string[] {
  const { openings: say } = words;
  const rows = openings.map((opening) => {
    const { id, route, from, untilMs, reason, openedBy, devices, upgraded } = opening;
    const startMs = opening.startMs ?? opening.openedMs;
    const planned = startMs !== null && startMs > terminal.now();
    const left = duration(untilMs - terminal.now(), words.units);
    const ends = [planned ? localTime(untilMs) : say.left(localTime(untilMs), left), earlyEnd(opening, words)];
    return [
      id,
      route,
      say.whom(from),
      startMs === null ? say.openSince : planned ? terminal.paint.warning(localTime(startMs)) : localTime(startMs),
      words.clauses(ends.filter((end) => end !== '')),
      worded(words.who, openedBy),
      String(devices),
      String(upgraded),
      printable(reason, MAX_REASON),
    ];
  });
  return table(say.titles, rows, terminal.paint);
}

function earlyEnd({ closeAfter: { devices, idleMs } }: OpeningStatus, words: Context['words']): string {
  return words.openings.early(devices, idleMs === null ? null : duration(idleMs, words.units));
}
