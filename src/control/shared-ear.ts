// Owns who hears what several machines share: what gates saw, in one order for all, and what others changed.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { RepeatedTrouble } from '../base/repeated-trouble.ts';
import type { GateEvent } from '../link/events.ts';
import type { Certificates } from './certificates.ts';
import type { Firmware } from './firmware.ts';
import { UNHEARD } from './gate-ear.ts';
import type { DeviceHistory } from './history.ts';
import type { Hearing, SharedNews } from './keeping.ts';
import type { Openings } from './openings.ts';
import type { Publisher } from './publisher.ts';
import type { RolloutWorks } from './rollout-works.ts';
import type { Watch } from './watch.ts';

export type SharedHearers = {
  openings: Openings;
  history: DeviceHistory;
  certificates: Certificates;
  publisher: Publisher;
  firmware: Firmware;
  rollouts: RolloutWorks;
};

/** `to` is asked when there is something to hear. */
export function sharedEar(log: Log, watch: Watch, to: () => SharedHearers): Hearing {
  const unheard = new RepeatedTrouble(log, UNHEARD);
  const hear = (event: GateEvent, how: () => void): void => {
    try {
      how();
    } catch (error) {
      unheard.again({ what: event.event, detail: errorText(error) });
    }
  };
  return {
    // Each for itself: the others of a batch of the journal come after.
    onEvent: (event, own) => {
      const { openings, history } = to();
      hear(event, () => openings.observe(event, own));
      hear(event, () => history.observe(event, own));
    },
    flush: () => to().history.flush(),
    onNews: async (news) => {
      const { certificates, publisher, firmware, rollouts } = to();
      certificates.take(news);
      firmware.copies?.take(news);
      tellClosed(news, log);
      if (news.some(({ name }) => name.startsWith('rollout/'))) await rollouts.rollouts.load();
      try {
        await publisher.publish();
      } catch (error) {
        log.error(
          { event: 'news-failed', detail: errorText(error) },
          'what another machine changed did not reach every gate of this one',
        );
      }
      watch.changed();
    },
  };
}

function tellClosed(news: readonly SharedNews[], log: Log): void {
  for (const { name, value } of news) {
    if (value !== null || !name.startsWith('opening/')) continue;
    const id = name.slice('opening/'.length);
    log.info({ event: 'closed-elsewhere', id }, `opening ${id} was closed on another machine, or is over`);
  }
}
