// Owns findings of the doctor on the page: what, why it matters to a device, what to do. Each part is text, and no more.
import type { Severity } from '../api.ts';
import { useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { SeverityBadge } from './badge.tsx';

export type Told = {
  key: string;
  severity: Severity;
  what: string;
  why: string;
  remedy: string;
  /** The address, or the place in a log. */
  where: string;
  /** The line of the log itself. */
  quote?: string;
};

const MAX = 600;

export function ToldFindings({ findings }: { findings: readonly Told[] }) {
  const words = useWords().doctor;
  return (
    <ul class="findings">
      {findings.map(({ key, severity, what, why, remedy, where, quote }) => (
        <li key={key}>
          <SeverityBadge severity={severity} />
          <div>
            <p class="breakable">
              <strong>{visible(what, MAX)}</strong>
            </p>
            {where !== '' && <p class="mute small-text breakable">{visible(where, MAX)}</p>}
            {quote !== undefined && (
              <p class="small-text breakable">
                <code>{visible(quote, MAX)}</code>
              </p>
            )}
            <p class="mute small-text breakable">{words.why(visible(why, MAX))}</p>
            <p class="mute small-text breakable">{words.remedy(visible(remedy, MAX))}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
