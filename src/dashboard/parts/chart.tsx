// Owns a chart: uPlot in the colours of the page, with a legend that one can read without the picture.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { useCell } from '../base/hooks.ts';
import { colours } from '../base/settings.ts';

export type Line = {
  name: string;
  values: readonly number[];
  show: (value: number) => string;
  /** Which of the colours of the charts, from 1; and whether it is filled, or drawn in dashes on the other side. */
  colour: 1 | 2 | 3 | 4;
  fill?: boolean;
  dashed?: boolean;
  right?: boolean;
};

type ChartProps = {
  title: string;
  atSeconds: readonly number[];
  /** How much time it shows, up to the newest point, whether there are points for all of it or not. */
  spanSeconds: number;
  lines: readonly Line[];
  /** The numbers at the left side, and at the right. */
  axis: (value: number) => string;
  rightAxis?: (value: number) => string;
  clock: (atMs: number) => string;
  summary: string;
  /** What the left side counts: bytes go in powers of 1024. */
  unit: 'count' | 'bytes';
};

const HEIGHT = 190;
const FACTORS = [1, 2, 5, 10];

export function Chart(props: ChartProps) {
  const { title, atSeconds, lines, summary } = props;
  const titleId = useId();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [at, setAt] = useState<number | null>(null);
  const drawnColours = useCell(colours);
  const data: uPlot.AlignedData = [[...atSeconds], ...lines.map(({ values }) => [...values])];
  const names = lines.map(({ name }) => name).join();

  // A plot knows its colours and axes from the start: with others, it is made anew.
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const made = new uPlot(optionsOf(latest, current, setAt), data, current);
    plot.current = made;
    const fit = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height: HEIGHT }));
    fit.observe(current);
    return () => {
      fit.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [drawnColours, names]);

  useEffect(() => plot.current?.setData(data), [atSeconds, lines]);

  const index = at ?? atSeconds.length - 1;
  const atMs = (atSeconds[index] ?? 0) * 1000;
  return (
    <figure class="chart" aria-labelledby={titleId}>
      <div class="card-head">
        <h2 id={titleId}>{title}</h2>
        <span class="mute small-text numbers">{atMs > 0 && props.clock(atMs)}</span>
      </div>
      <div ref={place} class="plot" aria-hidden="true" />
      <figcaption>
        <p class="unseen">{summary}</p>
        <ul class="legend">
          {lines.map(({ name, values, show, colour, dashed }) => (
            <li key={name}>
              <svg class={`swatch chart-${colour}`} viewBox="0 0 18 8" width="18" height="8" aria-hidden="true">
                <path d={dashed === true ? 'M1 4h5m6 0h5' : 'M1 4h16'} />
              </svg>
              {name}
              <strong class="numbers">{show(values[index] ?? 0)}</strong>
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}

function optionsOf(
  latest: { current: ChartProps },
  place: HTMLElement,
  onPoint: (index: number | null) => void,
): uPlot.Options {
  const mute = colourOf(place, 'chart-words');
  const grid = { stroke: colourOf(place, 'chart-grid'), width: 1 };
  const font = `11px ${getComputedStyle(place).fontFamily}`;
  const axis = { stroke: mute, font, grid, ticks: { show: false } };
  const { lines } = latest.current;
  const right = lines.some((line) => line.right === true);
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [10, right ? 0 : 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { size: 6 } },
    scales: {
      x: { range: (_plot, _first, last) => [(last ?? 0) - latest.current.spanSeconds, last ?? 0] },
      y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.15)] },
      right: { range: (_plot, _least, most) => [0, Math.max(2, (most ?? 0) * 1.15)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 70,
        values: (_plot, splits) => splits.map((at) => latest.current.clock(at * 1000).slice(0, 5)),
      },
      {
        ...axis,
        size: 54,
        splits: wholeSplits(latest.current.unit),
        values: (_plot, splits) => splits.map((value) => latest.current.axis(value)),
      },
      {
        ...axis,
        show: right,
        scale: 'right',
        side: 1,
        size: 34,
        grid: { show: false },
        splits: wholeSplits('count'),
        values: (_plot, splits) => splits.map((value) => latest.current.rightAxis?.(value) ?? ''),
      },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, colourOf(place, `chart-${line.colour}`)))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

/** About four steps of whole numbers: no half a request, no 97.66 KiB. */
function wholeSplits(unit: ChartProps['unit']) {
  return (_plot: uPlot, _axis: number, _least: number, most: number): number[] => {
    const base = unit === 'bytes' ? 1024 ** Math.floor(Math.log2(Math.max(most, 1)) / 10) : 1;
    const rough = most / base / 4;
    const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const step = base * power * (FACTORS.find((factor) => factor * power >= rough) ?? 10);
    return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  };
}

function seriesOf({ fill, dashed, right }: Line, stroke: string): uPlot.Series {
  return {
    stroke,
    width: 1.75,
    scale: right === true ? 'right' : 'y',
    points: { show: false },
    ...(dashed === true ? { dash: [5, 4] } : {}),
    ...(fill === true ? { fill: stroke.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)') } : {}),
  };
}

/** The colour that a class has now: the canvas knows no style sheet. */
function colourOf(place: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.className = name;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
