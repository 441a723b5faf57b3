// Carries out `otagate devices DEVICE`: what is known of one, and what happened to it.
import { printable } from '../base/printable.ts';
import type { DeviceRow } from '../ota/device-record.ts';
import type { DeviceEvent } from '../store/history.ts';
import { printAnswer } from './answer.ts';
import type { Context } from './context.ts';
import { tellEvent } from './device-events.ts';
import { type DeviceFilter, paintState } from './devices.ts';
import { labelled, table } from './table.ts';
import { localMoment, localTime } from './times.ts';
import { worded } from './worded.ts';
import { WrongUse } from './wrong-use.ts';

type Device = DeviceRow & { events: DeviceEvent[] };

const STANDARD_LIMIT = 100;
const LABEL_COLUMNS = 12;
const MAX_WORD = 100;
const MAX_WHY = 500;

/** @throws {WrongUse} with an option that chooses among devices */
export function tellDevice(context: Context, device: string, filter: DeviceFilter): Promise<number> {
  const { limit = STANDARD_LIMIT, ...choosing } = filter;
  const [extra] = (['search', 'board', 'version', 'state'] as const).filter((name) => choosing[name] !== undefined);
  if (extra !== undefined) throw new WrongUse(context.words.usage.notWithDevice(`--${extra}`));
  const path = `/api/v1/devices/${encodeURIComponent(device)}`;
  return printAnswer<Device>(context, { method: 'GET', path }, ({ events, ...row }) => {
    const { words, terminal } = context;
    const lines = describe(row, context);
    if (events.length === 0) return [...lines, '', words.devices.noHistory];
    if (events.length > limit) terminal.tell(words.devices.moreHistory(limit));
    // The newest comes last, as in a log; the gate gives it first.
    const rows = events
      .slice(0, limit)
      .reverse()
      .map((event) => [localTime(event.atMs), ...tellEvent(event, context)]);
    return [...lines, '', ...table(words.devices.historyTitles, rows, terminal.paint)];
  });
}

function describe(row: DeviceRow, { words: { devices: words, about }, terminal: { paint } }: Context): string[] {
  const { labels } = words;
  const line = (label: string, text: string): string => labelled(label, text, paint, LABEL_COLUMNS);
  const { device, board, version, client, scheme, state, offered, why, failures, proven } = row;
  const stands = paintState(state, worded(words.states, state), paint);
  return [
    line(labels.device, printable(device, MAX_WORD)),
    line(labels.board, printable(board, MAX_WORD) || '-'),
    line(labels.version, printable(version, MAX_WORD) || '-'),
    line(labels.state, why === null ? stands : about(stands, printable(why, MAX_WHY))),
    ...(offered === null ? [] : [line(labels.offered, printable(offered, MAX_WORD))]),
    ...(failures === 0 ? [] : [line(labels.failures, paint.bad(words.inARow(failures)))]),
    line(labels.first, localMoment(row.firstSeenMs)),
    line(labels.last, words.lastSeen(localMoment(row.lastSeenMs), printable(client, MAX_WORD), scheme)),
    line(labels.identity, proven ? words.proven : words.claimed),
  ];
}
