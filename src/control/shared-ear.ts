// Owns who hears what several machines share: what gates saw, in one order for all, and what others changed.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Certificates } from './certificates.ts';
import type { Firmware } from './firmware.ts';
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
  return {
    onEvent: (event, own) => {
      const { openings, history } = to();
      openings.observe(event, own);
      history.observe(event, own);
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
