// Owns how it is told whether all is well, and what is not.
import type { Status } from '../api.ts';
import type { Concern } from '../base/attention.ts';
import type { Format } from '../base/format.ts';
import { useCell, useFormat, useNow, useWords } from '../base/hooks.ts';
import { language } from '../base/settings.ts';
import { visible } from '../base/visible.ts';
import type { Language, Words } from '../words.ts';
import { SeverityBadge } from './badge.tsx';
import { Icon } from './icon.tsx';

/** The answer to the one question, in a sentence. */
export function Verdict({ found, status }: { found: readonly Concern[]; status: Status }) {
  const words = useWords().overview;
  const format = useFormat();
  const nowMs = useNow(30_000);
  const pressing = found.filter(({ severity }) => severity !== 'note').length;
  const faults = found.some(({ severity }) => severity === 'fault');
  const look = pressing === 0 ? 'well' : faults ? 'fault' : 'warning';
  return (
    <section class={`verdict ${look}`} aria-label={words.state}>
      <Icon name={look} size={34} />
      <div>
        <p class="verdict-words" role="status">
          {pressing === 0 ? words.allWell : words.needsYou(pressing)}
        </p>
        <p class="mute">
          {words.runs(format.duration(nowMs - Date.parse(status.startedAt)), status.workers.length, status.snapshot)}
        </p>
      </div>
    </section>
  );
}

export function Concerns({ found }: { found: readonly Concern[] }) {
  const words = useWords();
  const format = useFormat();
  const spoken = useCell(language);
  return (
    <section class="card concerns" aria-label={words.concerns.title}>
      <ul>
        {found.map((concern) => {
          const { title, text, to } = tell(concern, words, format, spoken);
          return (
            <li key={title + text}>
              <SeverityBadge severity={concern.severity} />
              <div class="concern-text">
                <p class="breakable">
                  <strong>{title}</strong>
                </p>
                {text !== '' && <p class="mute breakable">{text}</p>}
              </div>
              {to !== '/' && (
                <a class="more" href={to} aria-label={`${words.concerns.look}: ${title}`}>
                  {words.concerns.look}
                  <Icon name="next" size={15} />
                </a>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

type Told = { title: string; text: string; to: string };

/** A concern in words, and the page where something can be done about it. */
function tell(concern: Concern, { concerns: words, certificates }: Words, format: Format, spoken: Language): Told {
  const told = ([title, text]: readonly [string, string], to: string): Told => ({ title, text, to });
  switch (concern.kind) {
    case 'no-gate':
      return told(words.noGate, '/log');
    case 'gate-replaced':
      return told(words.gateReplaced(concern.name, concern.times), '/log');
    case 'certificate-ended':
      return told(words.certificateEnded(concern.name), '/certificates');
    case 'certificate-ends':
      return told(words.certificateEnds(concern.name, concern.daysLeft), '/certificates');
    case 'certificate-failing':
      return told(
        words.certificateFailing(concern.name, concern.times, visible(concern.error ?? '', 300)),
        '/certificates',
      );
    case 'certificate-finding': {
      const { code, what, zh } = concern.finding;
      const known = (certificates.findings as Record<string, string>)[code];
      return told(
        words.certificateFinding(concern.name, known ?? code, visible(spoken === 'zh' ? zh.why : what, 400)),
        '/certificates',
      );
    }
    case 'uncovered':
      return told(words.uncovered(concern.names.join(', ')), '/certificates');
    case 'upstream-errors':
      return told(words.upstreamErrors(concern.times), '/log');
    case 'server-down':
      return told(words.serverDown(concern.upstream, concern.origin), '/log');
    case 'trouble': {
      const page = concern.about === 'rollout-stopped' ? '/firmware' : '/log';
      return told([words.troubles[concern.about], visible(concern.detail, 500)], page);
    }
    case 'opening-lasts':
      return told(words.openingLasts(concern.route, format.moment(concern.untilMs), concern.everyone), '/openings');
    case 'devices-failed':
      return told(words.devicesFailed(concern.count), '/devices?state=failed');
    case 'devices-withheld':
      return told(words.devicesWithheld(concern.count), '/devices?state=withheld');
    case 'image-merged':
      return told(words.imageMerged(visible(concern.fileName, 100)), '/firmware');
    case 'fills-failed':
      return told(words.fillsFailed(concern.times), '/log');
    case 'store-full':
      return told(words.storeFull(format.percent(concern.share)), '/firmware');
    case 'handshakes':
      return told(words.handshakes(concern.times, visible(concern.reason, 100)), '/log');
    case 'events-dropped':
      return told(words.eventsDropped(concern.count), '/log');
    case 'gateways-unknown':
      return told(words.gatewaysUnknown, '/');
  }
}
