// Owns the question whether a measured quantity grows: the slope of its samples, and how far off that may be.

export type Sample = { atMs: number; value: number };

/** Least squares: growth a minute, and the standard error of that. NaN of fewer than three samples. */
export function trendOf(samples: readonly Sample[]): { aMinute: number; error: number } {
  const count = samples.length;
  if (count < 3) return { aMinute: Number.NaN, error: Number.NaN };
  const minutes = samples.map(({ atMs }) => atMs / 60_000);
  const meanX = minutes.reduce((sum, x) => sum + x, 0) / count;
  const meanY = samples.reduce((sum, { value }) => sum + value, 0) / count;
  let [xx, xy] = [0, 0];
  for (const [index, { value }] of samples.entries()) {
    const dx = (minutes[index] ?? 0) - meanX;
    xx += dx * dx;
    xy += dx * (value - meanY);
  }
  const slope = xy / xx;
  let residual = 0;
  for (const [index, { value }] of samples.entries())
    residual += (value - meanY - slope * ((minutes[index] ?? 0) - meanX)) ** 2;
  return { aMinute: slope, error: Math.sqrt(residual / (count - 2) / xx) };
}
