// Owns the colours: few, each with a meaning, and none where nobody would see them.
import { styleText } from 'node:util';

export type Tone = 'title' | 'good' | 'warning' | 'bad' | 'faint';
export type Paint = Readonly<Record<Tone, (text: string) => string>>;

const STYLES = { title: 'bold', good: 'green', warning: 'yellow', bad: 'red', faint: 'dim' } as const;

/** Node's own answer: a terminal that knows colours, NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR. */
export function hasColours(stream: NodeJS.WritableStream): boolean {
  return styleText('bold', '-', { stream }) !== '-';
}

export function paintFor(colours: boolean): Paint {
  const tone = (name: Tone) => (text: string) =>
    colours && text !== '' ? styleText(STYLES[name], text, { validateStream: false }) : text;
  return {
    title: tone('title'),
    good: tone('good'),
    warning: tone('warning'),
    bad: tone('bad'),
    faint: tone('faint'),
  };
}
