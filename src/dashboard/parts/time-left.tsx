// Owns the clock of an opening that runs down.
import type { Opening } from '../api.ts';
import { countdown } from '../base/format.ts';
import { useFormat, useNow, useWords } from '../base/hooks.ts';
import { Bar } from './progress.tsx';

const LAST_MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What is left, told anew each second; a screen reader reads it when asked to, not each second. */
export function TimeLeft({ opening, bar = false }: { opening: Opening; bar?: boolean }) {
  const words = useWords().openings;
  const format = useFormat();
  const nowMs = useNow(bar ? 250 : 1_000);
  const leftMs = Math.max(0, opening.untilMs - nowMs);
  const wholeMs = opening.openedMs === null ? null : opening.untilMs - (opening.startMs ?? opening.openedMs);
  return (
    <div class="time-left">
      <span class="clock" role="timer" title={format.moment(opening.untilMs)}>
        {leftMs > DAY_MS ? format.duration(leftMs) : countdown(leftMs)}
        <span class="unseen">{words.left}</span>
      </span>
      {bar && wholeMs !== null && <Bar share={leftMs / wholeMs} tone={leftMs < LAST_MINUTE_MS ? 'warning' : 'busy'} />}
    </div>
  );
}
