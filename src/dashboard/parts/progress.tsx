// Owns bars: how far something has come, and how much of a whole is taken. SVG, since the page carries no inline style.
import { useFormat } from '../base/hooks.ts';
import type { Tone } from './badge.tsx';

type BarProps = { share: number; label: string; tone?: Tone };

/** Decoration beside a number that says the same. */
export function Bar({ share, tone = 'busy' }: Omit<BarProps, 'label'>) {
  return (
    <svg class={`bar ${tone}`} width="100%" height="6" aria-hidden="true" focusable="false">
      <rect class="bar-all" width="100%" height="6" rx="3" />
      <rect class="bar-part" width={`${Math.min(Math.max(share, 0), 1) * 100}%`} height="6" rx="3" />
    </svg>
  );
}

/** Bytes on their way; `length` null where nobody knows how many there will be. */
export function ByteProgress({ label, have, length }: { label: string; have: number; length: number | null }) {
  const format = useFormat();
  const share = length === null || length === 0 ? null : have / length;
  const text =
    length === null || share === null
      ? format.bytes(have)
      : `${format.bytes(have)} / ${format.bytes(length)} · ${format.percent(share)}`;
  return (
    <div class="byte-progress">
      <progress aria-label={label} {...(share === null ? {} : { value: share, max: 1 })} />
      <span class="numbers">{text}</span>
    </div>
  );
}
