// Owns moments and durations as people read them: in the time zone of the terminal, in the two largest units.

export type Units = { day: string; hour: string; minute: string; second: string; between: string };

/** `2026-12-01 08:30:00`, where the zone is plain. */
export function localTime(ms: number): string {
  const date = new Date(ms);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** `2026-12-01 08:30:00 +08:00`, for what may be read elsewhere. */
export function localMoment(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${localTime(ms)} ${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
}

/** `1 h 5 min`; never longer than it is, and `0 s` for what is over. */
export function duration(ms: number, units: Units): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: [amount: number, unit: string][] = [
    [Math.floor(seconds / 86_400), units.day],
    [Math.floor(seconds / 3600) % 24, units.hour],
    [Math.floor(seconds / 60) % 60, units.minute],
    [seconds % 60, units.second],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return `0${units.between}${units.second}`;
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${units.between}${unit}`)
    .join(' ');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
