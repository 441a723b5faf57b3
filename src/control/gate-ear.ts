// Owns who hears what the gates tell: events, questions about firmware, counts and lines of the log.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { RepeatedTrouble, type Trouble } from '../base/repeated-trouble.ts';
import type { GateEvent } from '../link/events.ts';
import type { DoctorDesk } from './doctor-desk.ts';
import type { Firmware } from './firmware.ts';
import type { HealthChecks } from './health-checks.ts';
import type { Lookout } from './lookout.ts';
import type { OfferDesk } from './offer-desk.ts';
import type { RolloutWorks } from './rollout-works.ts';
import type { GateEar } from './supervisor.ts';
import type { Tally } from './tally.ts';
import type { Watch } from './watch.ts';

export type Hearers = {
  tally: Tally;
  doctor: DoctorDesk;
  /** Takes what concerns devices: it goes the way of the keeping. */
  see: (event: GateEvent) => void;
  lookout: Lookout;
  firmware: Firmware;
  offers: OfferDesk;
  rollouts: RolloutWorks;
  health: HealthChecks;
  watch: Watch;
  log: Log;
};

/** Whoever fails on what gates saw fails alone: neither control ends by it, nor does anybody miss what comes after. */
export const UNHEARD: Trouble = {
  event: 'event-not-taken',
  words: 'something that a gate saw was not taken in; all else goes on: report it, with this line',
  level: 'error',
};

export function gateEar(to: Hearers): GateEar {
  const { tally, doctor, see, lookout, firmware, offers, rollouts, health, watch, log } = to;
  const unheard = new RepeatedTrouble(log, UNHEARD);
  const hear = (event: GateEvent): void => {
    if (event.event === 'held-hit') {
      firmware.noteHeldHit(event.sha256, event.atMs);
      return;
    }
    // What the doctor plays is no device: it neither enters the history nor acts on anything.
    if (doctor.isPlayed(event)) return;
    see(event);
    lookout.onEvent(event);
    rollouts.observe(event);
  };
  return {
    onEvents: (events, dropped) => {
      tally.add(events, dropped);
      for (const event of events) {
        try {
          hear(event);
        } catch (error) {
          unheard.again({ what: event.event, detail: errorText(error) });
        }
      }
    },
    onAsk: (id, ask, line) => void firmware.answer(id, ask, line),
    onQuestion: (id, question, line) => void offers.answer(id, question, line),
    onStart: (line) => {
      firmware.shares.add(line);
      line({ kind: 'upstreams-down', origins: health.down });
    },
    onDownloads: (active, line) => firmware.shares.set(line, active),
    onStreams: (open, line) => tally.openStreams.set(line, open),
    onGone: (line) => {
      firmware.shares.remove(line);
      tally.openStreams.remove(line);
    },
    onLog: (lines, dropped) => watch.onGateLines(lines, dropped, log),
  };
}
