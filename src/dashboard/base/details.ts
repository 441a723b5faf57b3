// Owns details that come as names and values, as one line of text: sizes and times in their units, names in words.
import type { Format } from './format.ts';
import { visible, visibleValue } from './visible.ts';

/** What is empty or untrue is left out, and what is true is its name alone. Names without words stand as they are. */
export function detailsText(detail: unknown, names: Readonly<Record<string, string>>, format: Format): string {
  if (detail === null || detail === undefined) return '';
  if (typeof detail !== 'object') return visibleValue(detail, 500);
  return Object.entries(detail)
    .filter(
      ([, value]) => value !== null && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0),
    )
    .map(([name, value]) => {
      const word = Object.hasOwn(names, name) ? names[name] : visible(name, 40);
      return value === true ? word : `${word}: ${valueText(name, value, format)}`;
    })
    .join(' · ');
}

function valueText(name: string, value: unknown, format: Format): string {
  if (Array.isArray(value)) return visible(value.map((one) => visibleValue(one)).join(', '), 500);
  if (typeof value !== 'number') return visibleValue(value, 500);
  if (name === 'seconds') return format.duration(value * 1_000);
  if (/^(at|start|until|opened|added)Ms$/.test(name)) return format.moment(value);
  if (/Ms$|^ms$/.test(name)) return value < 1_000 ? `${format.number(value)} ms` : format.duration(value);
  if (/bytes$|^length$/i.test(name)) return format.bytes(value);
  return format.number(value);
}
