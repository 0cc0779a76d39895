// A metric over time as the chart draws it: columns, with a null wherever the line must break.

import type { Readings } from './types.ts';

export interface Fault {
  time_ms: number;
  error: string;
}

export interface Series {
  stepS: number; // 0: raw
  t: number[]; // milliseconds, rising
  value: (number | null)[]; // raw value, or mean of the step
  min: (number | null)[]; // as long as t; the same as value when raw
  max: (number | null)[];
  faults: Fault[];
  rhythmMs: number; // between the last two
}

const FIRST_RHYTHM_MS = 20_000; // before there are two points
const LEAST_GAP_MS = 5000;

export const emptySeries = (stepS = 0): Series => ({
  stepS,
  t: [],
  value: [],
  min: [],
  max: [],
  faults: [],
  rhythmMs: FIRST_RHYTHM_MS,
});

// Longer than this between two points and nobody knows what happened in between. The rhythm of the
// data counts beside today's interval: it may have been another when the points were made.
function gapMs({ stepS, rhythmMs }: Series, intervalS: number): number {
  if (stepS === 0) return 3 * Math.max(intervalS * 1000, rhythmMs, LEAST_GAP_MS / 3);
  return 1.5 * Math.max(stepS * 1000, intervalS * 1000, rhythmMs === FIRST_RHYTHM_MS ? 0 : rhythmMs);
}

function push(series: Series, t: number, value: number | null, min: number | null, max: number | null): void {
  series.t.push(t);
  series.value.push(value);
  series.min.push(min);
  series.max.push(max);
}

function pushWithGap(series: Series, intervalS: number, t: number, value: number, min: number, max: number): void {
  const last = series.t[series.t.length - 1];
  if (last !== undefined) {
    if (t - last > gapMs(series, intervalS)) push(series, (t + last) / 2, null, null, null);
    series.rhythmMs = t - last;
  }
  push(series, t, value, min, max);
}

function fromRows(readings: Readings, stepS: number, intervalS: number): Series {
  const series = emptySeries(stepS);
  const { columns, rows } = readings.series!;
  const at = (name: string) => columns.indexOf(name);
  const [time, mean, min, max] = [at('time_ms'), at('mean'), at('min'), at('max')] as const;
  for (const row of rows) {
    const [t, value] = [row[time], row[mean]];
    if (typeof t !== 'number' || typeof value !== 'number') continue;
    pushWithGap(series, intervalS, t, value, row[min] ?? value, row[max] ?? value);
  }
  return series;
}

export function seriesFrom(readings: Readings, intervalS: number): Series {
  const stepS = readings.step_s ?? 0;
  if (readings.series) return fromRows(readings, stepS, intervalS);
  const series = emptySeries(stepS);
  for (const [t, value, quality] of readings.points) appendTo(series, intervalS, t, value, quality);
  return series;
}

// One more point, in place. A failed read breaks the line and is kept as a fault.
export function appendTo(series: Series, intervalS: number, t: number, value: number | null, error?: string): void {
  const last = series.t[series.t.length - 1];
  if (last !== undefined && t <= last) return;
  if (value === null) {
    push(series, t, null, null, null);
    series.faults.push({ time_ms: t, error: error ?? 'unknown' });
  } else {
    pushWithGap(series, intervalS, t, value, value, value);
  }
}

export function dropBefore(series: Series, fromMs: number): void {
  let count = 0;
  while (count < series.t.length && series.t[count]! < fromMs) count++;
  if (count === 0) return;
  for (const column of [series.t, series.value, series.min, series.max]) column.splice(0, count);
  series.faults = series.faults.filter((fault) => fault.time_ms >= fromMs);
}

export interface Summary {
  min: number;
  max: number;
  mean: number;
  count: number; // points, without the breaks
}

export function summary(series: Series): Summary | null {
  let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
  series.value.forEach((value, i) => {
    if (value === null) return;
    count++;
    sum += value;
    min = Math.min(min, series.min[i] ?? value);
    max = Math.max(max, series.max[i] ?? value);
  });
  return count ? { min, max, mean: sum / count, count } : null;
}

// "crc ×2, timeout ×1"
export function faultCounts(faults: Fault[]): [error: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { error } of faults) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

// The path of a sparkline in a box of width × height, one piece an unbroken run.
export function sparkPath(series: Series, width: number, height: number): { line: string; area: string } {
  const range = summary(series);
  if (!range || series.t.length < 2) return { line: '', area: '' };
  const [first, last] = [series.t[0]!, series.t[series.t.length - 1]!];
  const flat = range.max - range.min < 1e-9;
  const x = (t: number) => (((t - first) / (last - first || 1)) * width).toFixed(1);
  const y = (v: number) => (flat ? height / 2 : height - 2 - ((v - range.min) / (range.max - range.min)) * (height - 4)).toFixed(1);
  let [line, area, runStart] = ['', '', ''];
  let runEnd = '';
  const closeRun = () => {
    if (runStart && runEnd !== runStart) area += `L${runEnd},${height}L${runStart},${height}Z`;
    runStart = '';
  };
  series.t.forEach((t, i) => {
    const value = series.value[i];
    if (value === null || value === undefined) return closeRun();
    const point = `${x(t)},${y(value)}`;
    line += (runStart ? 'L' : 'M') + point;
    area += (runStart ? 'L' : 'M') + point;
    if (!runStart) runStart = x(t);
    runEnd = x(t);
  });
  closeRun();
  return { line, area };
}
