// Owns the two charts of the overview: what is asked for, and what is sent.
import { useMemo, useState } from 'preact/hooks';
import { useCell, useFormat, useGate, useWords } from '../base/hooks.ts';
import { toSeries } from '../base/traffic.ts';
import { Chart, type Line } from './chart.tsx';
import { Choice } from './choice.tsx';

const SPANS = { short: { spanMs: 5 * 60_000, bucketMs: 0 }, long: { spanMs: 3_600_000, bucketMs: 60_000 } } as const;

export function TrafficCharts() {
  const words = useWords().overview;
  const format = useFormat();
  const traffic = useCell(useGate().traffic);
  const [span, setSpan] = useState<keyof typeof SPANS>('short');
  const series = useMemo(() => {
    const { spanMs, bucketMs } = SPANS[span];
    const known = traffic ?? { everyMs: 5_000, points: [] };
    return toSeries(known, known.points.at(-1)?.atMs ?? 0, spanMs, bucketMs);
  }, [traffic, span]);

  const whole = (value: number): string => format.number(Math.round(value));
  const requests = useMemo<Line[]>(
    () => [
      { name: words.requests, values: series.requests, show: whole, colour: 1, fill: true },
      { name: words.checksLine, values: series.checks, show: whole, colour: 2 },
      { name: words.refused, values: series.refused, show: whole, colour: 3, dashed: true },
      { name: words.errors, values: series.errors, show: whole, colour: 4, dashed: true },
    ],
    [series, format],
  );
  const sending = useMemo<Line[]>(
    () => [
      { name: words.bytesPerSecond, values: series.bytesPerSecond, show: format.rate, colour: 1, fill: true },
      { name: words.running, values: series.activeDownloads, show: whole, colour: 2, right: true },
    ],
    [series, format],
  );
  const last = (values: readonly number[]): number => values.at(-1) ?? 0;

  return (
    <section class="charts" aria-label={words.charts}>
      <div class="row end">
        <Choice
          label={words.span}
          options={[
            { value: 'short', text: words.spanShort },
            { value: 'long', text: words.spanLong },
          ]}
          value={span}
          onChoose={setSpan}
        />
      </div>
      <div class="halves">
        <div class="card">
          <Chart
            title={words.requestsChart}
            atSeconds={series.atSeconds}
            spanSeconds={SPANS[span].spanMs / 1000}
            lines={requests}
            unit="count"
            axis={whole}
            clock={format.time}
            summary={words.requestsSummary(whole(last(series.requests)), whole(Math.max(0, ...series.requests)))}
          />
        </div>
        <div class="card">
          <Chart
            title={words.downloadsChart}
            atSeconds={series.atSeconds}
            spanSeconds={SPANS[span].spanMs / 1000}
            lines={sending}
            unit="bytes"
            axis={format.bytes}
            rightAxis={whole}
            clock={format.time}
            summary={words.downloadsSummary(
              format.rate(last(series.bytesPerSecond)),
              whole(last(series.activeDownloads)),
            )}
          />
        </div>
      </div>
    </section>
  );
}
