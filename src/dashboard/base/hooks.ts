// Owns the hooks that parts and pages share: cells, the words and formats of the language, the gate, the clock.
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Session } from '../api.ts';
import { DICTIONARIES, type Language, type Words } from '../words.ts';
import type { Cell } from './cell.ts';
import { type Format, makeFormat } from './format.ts';
import type { Gate } from './gate.ts';
import { language } from './settings.ts';

// Formats of Intl are dear to make, and every line of the log asks for them.
const FORMATS = new Map<Language, Format>();

export type Signed = { gate: Gate; session: Session; signOut: () => void };

export const SignedContext = createContext<Signed | null>(null);

/** The value of a cell; the component is drawn anew when it changes. */
export function useCell<T>(cell: Cell<T>): T {
  const [, draw] = useState(0);
  const drawn = cell.value;
  useEffect(() => {
    const redraw = (): void => draw((times) => times + 1);
    // It may have changed before anybody followed it.
    if (!Object.is(cell.value, drawn)) redraw();
    return cell.follow(redraw);
  }, [cell]);
  return drawn;
}

export function useWords(): Words {
  return DICTIONARIES[useCell(language)];
}

export function useFormat(): Format {
  const spoken = useCell(language);
  const known = FORMATS.get(spoken) ?? makeFormat(spoken);
  FORMATS.set(spoken, known);
  return known;
}

/** The gate and the session. Only what is shown to who has signed in may ask. */
export function useSigned(): Signed {
  const signed = useContext(SignedContext);
  if (signed === null) throw new Error('nobody has signed in');
  return signed;
}

export function useGate(): Gate {
  return useSigned().gate;
}

/** Whether the session may change anything. */
export function useMayChange(): boolean {
  return useSigned().session.role === 'admin';
}

/** The gate's time, in milliseconds since the epoch, told anew every so often. */
export function useNow(everyMs: number): number {
  const gate = useGate();
  const [nowMs, setNowMs] = useState(gate.nowMs);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(gate.nowMs()), everyMs);
    return () => clearInterval(timer);
  }, [gate, everyMs]);
  return nowMs;
}

/** The title of the page, in the window's own. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · otagate`;
  }, [title]);
}
