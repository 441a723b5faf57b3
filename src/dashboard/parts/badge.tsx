// Owns the marks of a state: always a picture and a word, the colour only beside them.
import type { DeviceState, Severity } from '../api.ts';
import { useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'busy' | 'warning' | 'fault' | 'mute';

export function Badge({ tone, icon, text }: { tone: Tone; icon: IconName; text: string }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={icon} size={15} />
      {text}
    </span>
  );
}

const STATES: Readonly<Record<DeviceState, { tone: Tone; icon: IconName }>> = {
  'up-to-date': { tone: 'good', icon: 'well' },
  offered: { tone: 'busy', icon: 'offered' },
  downloading: { tone: 'busy', icon: 'download' },
  rebooting: { tone: 'busy', icon: 'rebooting' },
  upgraded: { tone: 'good', icon: 'upgraded' },
  failed: { tone: 'fault', icon: 'fault' },
  withheld: { tone: 'warning', icon: 'withheld' },
  seen: { tone: 'mute', icon: 'seen' },
};

export const DEVICE_STATES = Object.keys(STATES) as DeviceState[];

export function StateBadge({ state }: { state: DeviceState }) {
  const words = useWords().devices;
  const look = STATES[state] ?? STATES.seen;
  return <Badge {...look} text={words.states[state] ?? visible(String(state), 30)} />;
}

const SEVERITIES: Readonly<Record<Severity, { tone: Tone; icon: IconName }>> = {
  fault: { tone: 'fault', icon: 'fault' },
  warning: { tone: 'warning', icon: 'warning' },
  note: { tone: 'mute', icon: 'note' },
};

export function SeverityBadge({ severity }: { severity: Severity }) {
  return <Badge {...SEVERITIES[severity]} text={useWords().frame.severities[severity]} />;
}

/** Text that came from a device: apart from the direction of the text around it, and never more than text. */
export function Foreign({ text, max = 120 }: { text: string | null | undefined; max?: number }) {
  if (text === null || text === undefined || text === '') return <span class="mute">–</span>;
  return <bdi class="foreign">{visible(text, max)}</bdi>;
}
