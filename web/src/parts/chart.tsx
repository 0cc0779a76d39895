// The chart of one metric: uPlot on a canvas, with its words beside it for who can't see it.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { clock, dateTime, errorText, metricLabel, quantityText } from '../format.ts';
import { summary, type Series } from '../series.ts';
import { say } from '../store.ts';

export interface Span {
  from: number;
  to: number;
}

interface Props {
  metric: string;
  series: Series;
  revision: number; // the series changes in place; this says that it did
  span: () => Span;
  onZoom: (span: Span) => void;
  onZoomOut: () => void;
}

const DAY_MS = 86_400_000;
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, i) => 2 ** (i - 4));

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: read('--chart-line'),
    area: read('--chart-area'),
    areaEnd: read('--chart-area-end'),
    band: read('--chart-band'),
    grid: read('--chart-grid'),
    text: read('--ink-2'),
    fault: read('--late'),
  };
}

// Room above and below, and never so little that noise looks like news.
function paddedRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const middle = (min + max) / 2;
  const span = Math.max(max - min, Math.abs(middle) * 0.01, 0.02);
  const low = middle - span * 0.62;
  return [min >= 0 && low < 0 ? 0 : low, middle + span * 0.62];
}

function drawFaults(plot: uPlot, series: Series, colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour;
  const size = 5 * devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  for (const fault of series.faults) {
    const x = plot.valToPos(fault.time_ms, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bottom - 2 * size);
    ctx.lineTo(x + size, bottom);
    ctx.lineTo(x - size, bottom);
    ctx.fill();
  }
  ctx.restore();
}

function areaFill(plot: uPlot, top: string, end: string): CanvasGradient | string {
  const { top: y, height } = plot.bbox;
  if (!Number.isFinite(y) || !Number.isFinite(height) || height <= 0) return top;
  const gradient = plot.ctx.createLinearGradient(0, y, 0, y + height);
  gradient.addColorStop(0, top);
  gradient.addColorStop(1, end);
  return gradient;
}

const columns = (series: Series): uPlot.AlignedData => [series.t, series.max, series.min, series.value];

// In CSS pixels; the canvas measures in those of the screen.
function widest(plot: uPlot, labels: string[], font: string): number {
  plot.ctx.save();
  plot.ctx.font = font;
  const width = Math.max(24, ...labels.map((label) => plot.ctx.measureText(label).width));
  plot.ctx.restore();
  return Math.ceil(width);
}

function timeLabels(plot: uPlot, splits: number[]): string[] {
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  const fine = max - min <= 5 * 60_000;
  return splits.map((ms) => {
    const midnight = new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0;
    return midnight && max - min > DAY_MS / 2 ? dateTime(ms).slice(5, 10) : clock(ms, fine);
  });
}

// "12:03:10  21.5 °C", or with the extent of the step
function pointWords(metric: string, series: Series, i: number): [when: string, what: string] {
  const value = series.value[i];
  const when = clock(series.t[i]!, series.stepS === 0);
  if (value === null || value === undefined) {
    const fault = series.faults.find((one) => one.time_ms === series.t[i]);
    return [when, fault ? errorText(fault.error) : 'no data'];
  }
  const what = quantityText(metric, value);
  if (series.stepS === 0) return [when, what];
  return [when, `${what} (${quantityText(metric, series.min[i]!)} to ${quantityText(metric, series.max[i]!)})`];
}

export function Chart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  const showTip = (u: uPlot) => {
    const element = tip.current!;
    const i = u.cursor.idx;
    const { metric, series } = latest.current;
    if (i === null || i === undefined || (u.cursor.left ?? -1) < 0 || i >= series.t.length) {
      element.hidden = true;
      return;
    }
    const [when, what] = pointWords(metric, series, i);
    element.firstElementChild!.textContent = when;
    element.lastElementChild!.textContent = what;
    element.hidden = false;
    const left = u.over.offsetLeft + u.valToPos(series.t[i]!, 'x');
    const shift = Math.min(Math.max(left - element.offsetWidth / 2, 0), box.current!.clientWidth - element.offsetWidth);
    element.style.transform = `translate(${Math.round(shift)}px, 0)`;
  };

  const make = () => {
    plot.current?.destroy();
    const colour = colours();
    const { metric, series } = latest.current;
    const raw = series.stepS === 0;
    const bytes = /bytes|bps|byte_rate/.test(metric);
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: colour.text, font, grid: { stroke: colour.grid, width: 1 }, ticks: { show: false } };
    const narrow = box.current!.clientWidth < 480;
    const options: uPlot.Options = {
      width: box.current!.clientWidth,
      height: box.current!.clientHeight,
      ms: 1,
      legend: { show: false },
      padding: [10, 14, 0, 0],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { size: 9, fill: colour.line },
        y: false,
      },
      scales: {
        x: { range: () => [latest.current.span().from, latest.current.span().to] },
        y: { range: (_u, min, max) => paddedRange(min, max) },
      },
      axes: [
        { ...axis, size: 30, space: narrow ? 52 : 90, values: timeLabels, grid: { show: false } },
        {
          ...axis,
          size: (u, labels) => widest(u, labels ?? [], font) + 18,
          gap: 8,
          space: 44,
          values: (_u, splits) => splits.map((value) => (summary(latest.current.series) ? quantityText(latest.current.metric, value) : '')),
          ...(bytes ? { incrs: POWERS_OF_TWO } : {}),
        },
      ],
      series: [
        {},
        { show: !raw, width: 0, points: { show: false } },
        { show: !raw, width: 0, points: { show: false } },
        {
          stroke: colour.line,
          width: 2,
          spanGaps: false,
          points: { size: 5, fill: colour.line },
          ...(raw ? { fill: (u: uPlot) => areaFill(u, colour.area, colour.areaEnd) } : {}),
        },
      ],
      bands: raw ? [] : [{ series: [1, 2], fill: colour.band }],
      hooks: {
        draw: [(u) => drawFaults(u, latest.current.series, colour.fault)],
        setCursor: [showTip],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 8) return;
            const span = { from: u.posToVal(left, 'x'), to: u.posToVal(left + width, 'x') };
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            latest.current.onZoom(span);
          },
        ],
      },
    };
    plot.current = new uPlot(options, columns(series), box.current!);
  };

  useEffect(() => {
    make();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const resized = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      if (plot.current && width > 0 && width !== plot.current.width) plot.current.setSize({ width, height });
    });
    dark.addEventListener('change', make);
    resized.observe(box.current!);
    return () => {
      dark.removeEventListener('change', make);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [props.metric, props.series.stepS === 0]);

  useEffect(() => {
    const u = plot.current;
    if (u) u.setData(columns(props.series));
  }, [props.revision, props.series]);

  const move = (by: number) => {
    const u = plot.current!;
    const { series, metric } = latest.current;
    if (series.t.length === 0) return;
    const shown = !tip.current!.hidden && u.cursor.idx !== null && u.cursor.idx !== undefined;
    const from = shown ? u.cursor.idx! + by : series.t.length - 1;
    const i = Math.min(Math.max(from, 0), series.t.length - 1);
    const value = series.value[i];
    u.setCursor({ left: u.valToPos(series.t[i]!, 'x'), top: value === null || value === undefined ? 0 : u.valToPos(value, 'y') });
    say(pointWords(metric, series, i).join(': '));
  };

  const zoom = () => {
    const { from, to } = latest.current.span();
    const u = plot.current!;
    const centre = tip.current!.hidden ? (from + to) / 2 : u.posToVal(u.cursor.left!, 'x');
    latest.current.onZoom({ from: Math.max(from, centre - (to - from) / 4), to: Math.min(to, centre + (to - from) / 4) });
  };

  const key = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 1;
    if (event.key === 'ArrowLeft') move(-step);
    else if (event.key === 'ArrowRight') move(step);
    else if (event.key === '+') zoom();
    else if (event.key === '-' || event.key === 'Escape') props.onZoomOut();
    else return;
    event.preventDefault();
  };

  const all = summary(props.series);
  const words = all
    ? `${metricLabel(props.metric)}: ${all.count} points, from ${quantityText(props.metric, all.min)} to ${quantityText(props.metric, all.max)}.`
    : `${metricLabel(props.metric)}: no data in this time.`;
  return (
    <div
      class="chart"
      role="group"
      tabIndex={0}
      aria-label={`Chart. ${words} Arrow keys read the points, plus zooms in, minus zooms out.`}
      onKeyDown={key}
      onDblClick={props.onZoomOut}
      onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
    >
      <div class="chart-box" ref={box} data-points={all?.count ?? 0} />
      <div class="chart-tip" ref={tip} hidden aria-hidden="true">
        <span />
        <b />
      </div>
    </div>
  );
}
