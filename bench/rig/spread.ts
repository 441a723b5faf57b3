// Owns what is said of many measured numbers: their median, their ends, and a share from above.
import { numberText } from './table.ts';

/** The value below which `share` (0 to 1) of all lie, nearest rank; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** Of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

/** `1.31 (1.28–1.40)`: the median, and the ends where there is more than one value. */
export function spreadText(values: readonly number[]): string {
  const middle = numberText(median(values));
  return values.length < 2 || Math.min(...values) === largest(values)
    ? middle
    : `${middle} (${numberText(Math.min(...values))}–${numberText(largest(values))})`;
}
