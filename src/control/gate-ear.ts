// Owns who hears what the gates tell: events, questions about firmware, counts and lines of the log.
import type { Log } from '../base/log.ts';
import type { Firmware } from './firmware.ts';
import type { DeviceHistory } from './history.ts';
import type { Lookout } from './lookout.ts';
import type { OfferDesk } from './offer-desk.ts';
import type { OpenStreams } from './open-streams.ts';
import type { Openings } from './openings.ts';
import type { GateEar } from './supervisor.ts';
import type { Tally } from './tally.ts';
import type { Watch } from './watch.ts';

export type Hearers = {
  tally: Tally;
  openings: Openings;
  history: DeviceHistory;
  lookout: Lookout;
  firmware: Firmware;
  offers: OfferDesk;
  openStreams: OpenStreams;
  watch: Watch;
  log: Log;
};

export function gateEar(to: Hearers): GateEar {
  const { tally, openings, history, lookout, firmware, offers, openStreams, watch, log } = to;
  return {
    onEvents: (events, dropped) => {
      tally.add(events, dropped);
      for (const event of events) {
        openings.observe(event);
        history.observe(event);
        lookout.onEvent(event);
      }
    },
    onAsk: (id, ask, line) => void firmware.answer(id, ask, line),
    onQuestion: (id, question, line) => void offers.answer(id, question, line),
    onStart: (line) => firmware.shares.add(line),
    onDownloads: (active, line) => firmware.shares.set(line, active),
    onStreams: (open, line) => openStreams.set(line, open),
    onGone: (line) => {
      firmware.shares.remove(line);
      openStreams.remove(line);
    },
    onLog: (lines, dropped) => watch.onGateLines(lines, dropped, log),
  };
}
