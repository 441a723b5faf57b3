// Owns the look-up of a word by a name that the gate sent: one that is not known is told as it is.
import { printable } from '../base/printable.ts';

export function worded(words: Readonly<Record<string, string>>, name: string): string {
  // Own keys alone: `constructor` is no state of a device.
  return (Object.hasOwn(words, name) ? words[name] : undefined) ?? printable(name);
}
