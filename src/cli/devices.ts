// Carries out `otagate devices`: who has asked, what each runs, and how its upgrade stands.
import { printable } from '../base/printable.ts';
import type { DeviceRow, DeviceState } from '../ota/device-record.ts';
import type { DevicePage } from '../store/history.ts';
import { printAnswer } from './answer.ts';
import type { Context } from './context.ts';
import type { Tone } from './paint.ts';
import { table } from './table.ts';
import { localTime } from './times.ts';
import { worded } from './worded.ts';

export type DeviceFilter = { search?: string; board?: string; version?: string; state?: DeviceState; limit?: number };

const STANDARD_LIMIT = 100;
// Of what a device says of itself: nobody's board has a longer name.
const MAX_CELL = 60;
const MAX_WHY = 200;

export const STATE_TONES: Readonly<Partial<Record<DeviceState, Tone>>> = {
  'up-to-date': 'good',
  upgraded: 'good',
  failed: 'bad',
  withheld: 'warning',
};

export function listDevices(context: Context, { limit = STANDARD_LIMIT, ...filter }: DeviceFilter): Promise<number> {
  const { words, terminal } = context;
  const query = new URLSearchParams({ limit: String(limit) });
  for (const name of ['search', 'board', 'version', 'state'] as const) {
    if (filter[name] !== undefined) query.set(name, filter[name]);
  }
  return printAnswer<DevicePage>(context, { method: 'GET', path: `/api/v1/devices?${query}` }, (page) => {
    const { devices, total } = page;
    if (devices.length === 0) return [query.size > 1 ? words.devices.noneFits : words.devices.none];
    if (total > devices.length) terminal.tell(words.devices.more(devices.length, total));
    return table(
      words.devices.titles,
      devices.map((row) => rowOf(row, context)),
      terminal.paint,
    );
  });
}

function rowOf(row: DeviceRow, { words, terminal }: Context): string[] {
  const { device, board, version, state, offered, lastSeenMs, client, scheme, why } = row;
  return [
    printable(device, MAX_CELL),
    printable(board, MAX_CELL),
    printable(version, MAX_CELL),
    paintState(state, worded(words.devices.states, state), terminal.paint),
    printable(offered ?? '', MAX_CELL),
    localTime(lastSeenMs),
    `${printable(client, MAX_CELL)}${scheme === '' ? '' : ` ${scheme}`}`,
    printable(why ?? '', MAX_WHY),
  ];
}

/** A state in its colour. */
export function paintState(state: DeviceState, text: string, paint: Context['terminal']['paint']): string {
  const tone = STATE_TONES[state];
  return tone === undefined ? text : paint[tone](text);
}
