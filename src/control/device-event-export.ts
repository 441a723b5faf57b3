// Owns the export of what happened to devices: as CSV for a spreadsheet, as JSON lines for a program. A portion at a time,
// so that neither memory nor anybody else's turn depends on how long the history is.
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { DeviceEvent } from '../store/history.ts';
import { csvLine, isoTime } from './device-export.ts';

type Timeline = { events: readonly DeviceEvent[] } | null;
export type ReadEvents = (
  device: string,
  page: { before: number | null; limit: number },
) => Timeline | Promise<Timeline>;

const PORTION = 500;

/** RFC 4180: a header line, then each event, newest first within a device. What happened in particular is a cell of JSON. */
export async function* eventsCsv(devices: Iterable<string>, read: ReadEvents): AsyncGenerator<string> {
  yield csvLine(['device', 'at', 'event', 'detail']);
  for await (const { device, events } of portions(devices, read)) {
    const lines = events.map(({ atMs, event, detail }) =>
      csvLine([device, isoTime(atMs), event, JSON.stringify(detail)]),
    );
    yield lines.join('');
  }
}

/** A JSON object on a line for each event, with the name of its device. */
export async function* eventsJsonLines(devices: Iterable<string>, read: ReadEvents): AsyncGenerator<string> {
  for await (const { device, events } of portions(devices, read))
    yield events.map((event) => `${JSON.stringify({ device, ...event })}\n`).join('');
}

async function* portions(
  devices: Iterable<string>,
  read: ReadEvents,
): AsyncGenerator<{ device: string; events: readonly DeviceEvent[] }> {
  for (const device of devices) {
    for (let before: number | null = null; ; ) {
      const events: readonly DeviceEvent[] = (await read(device, { before, limit: PORTION }))?.events ?? [];
      if (events.length > 0) yield { device, events };
      await othersTurn();
      const last = events.at(-1);
      // Ids fall from portion to portion: a reader that knows no pages ends here, too.
      if (last === undefined || events.length < PORTION || (before !== null && last.id >= before)) break;
      before = last.id;
    }
  }
}
