// Owns how a finding of the doctor looks on a terminal.
import type { Sentences, Severity } from '../doctor/finding.ts';
import type { Context } from './context.ts';
import type { Tone } from './paint.ts';

const TONES: Readonly<Record<Severity, Tone>> = { fault: 'bad', warning: 'warning', note: 'faint' };

/** Three lines: what and where, why it matters to a device, what to do. */
export function describeSentences(
  where: string,
  { severity, what, why, remedy }: { severity: Severity } & Sentences,
  { words, terminal }: Context,
): string[] {
  const { severities, why: whyLabel, remedy: remedyLabel } = words.doctor;
  const head = words.about(severities[severity], what);
  return [
    `${terminal.paint[TONES[severity]](head)}${where === '' ? '' : words.inBrackets(where)}`,
    `  ${words.about(whyLabel, why)}`,
    `  ${words.about(remedyLabel, remedy)}`,
  ];
}
