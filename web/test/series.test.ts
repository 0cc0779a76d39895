import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendTo, dropBefore, emptySeries, faultCounts, seriesFrom, sparkPath, summary } from '../src/series.ts';

const T = 1_790_000_000_000;

test('a hole in the data breaks the line', () => {
  const series = seriesFrom({ metric: 'm', step_s: 0, points: [[T, 1], [T + 10_000, 2], [T + 60_000, 3]] }, 10);
  assert.deepEqual(series.value, [1, 2, null, 3]);
  assert.deepEqual(series.t, [T, T + 10_000, T + 35_000, T + 60_000]);
});

test('points made in another rhythm than today’s are still a line', () => {
  const times = [0, 10, 20, 30, 31, 32, 33, 43, 53, 63]; // 10 s, then 1 s, then 10 s again; now it is 1 s
  const series = seriesFrom({ metric: 'm', points: times.map((s) => [T + s * 1000, s]) }, 1);
  assert.deepEqual(series.value, [0, 10, 20, 30, 31, 32, 33, null, 43, 53, 63]);
  const hourly = [[T, 1, 1, 1, 1], [T + 3_600_000, 2, 2, 2, 1], [T + 7_200_000, 3, 3, 3, 1]];
  const columns = ['time_ms', 'mean', 'min', 'max', 'count'];
  const steps = seriesFrom({ metric: 'm', step_s: 300, points: [], series: { columns, rows: hourly } }, 3600);
  assert.deepEqual(steps.value, [1, 2, 3]);
});

test('a failed reading is a fault and a break, never a number', () => {
  const series = seriesFrom({ metric: 'm', step_s: 0, points: [[T, 1], [T + 10_000, null, 'crc'], [T + 20_000, 2]] }, 10);
  assert.deepEqual(series.value, [1, null, 2]);
  assert.deepEqual(series.faults, [{ time_ms: T + 10_000, error: 'crc' }]);
  assert.deepEqual(summary(series), { min: 1, max: 2, mean: 1.5, count: 2 });
});

test('steps carry their extent, columns in any order', () => {
  const series = seriesFrom(
    {
      metric: 'm',
      step_s: 60,
      points: [],
      series: { columns: ['time_ms', 'min', 'max', 'mean', 'count'], rows: [[T, 1, 5, 3, 6], [T + 60_000, 2, 6, 4, 6], [T + 300_000, 0, 1, 0.5, 6]] },
    },
    10,
  );
  assert.deepEqual(series.value, [3, 4, null, 0.5]);
  assert.deepEqual(series.min, [1, 2, null, 0]);
  assert.deepEqual(series.max, [5, 6, null, 1]);
  assert.deepEqual(summary(series), { min: 0, max: 6, mean: 2.5, count: 3 });
});

test('what is not newer is not appended, what is too old is dropped', () => {
  const series = emptySeries();
  appendTo(series, 10, T, 1);
  appendTo(series, 10, T, 9);
  appendTo(series, 10, T - 1000, 9);
  appendTo(series, 10, T + 5000, null, 'timeout');
  appendTo(series, 10, T + 10_000, 2);
  assert.deepEqual(series.value, [1, null, 2]);
  dropBefore(series, T + 6000);
  assert.deepEqual([series.t, series.value, series.min, series.max], [[T + 10_000], [2], [2], [2]]);
  assert.deepEqual(series.faults, []);
});

test('nothing is nothing', () => {
  assert.equal(summary(emptySeries()), null);
  assert.deepEqual(sparkPath(emptySeries(), 100, 20), { line: '', area: '' });
  assert.deepEqual(seriesFrom({ metric: 'm', points: [] }, 10).t, []);
});

test('a sparkline has one piece an unbroken run, and a flat one lies in the middle', () => {
  const series = seriesFrom({ metric: 'm', points: [[T, 5], [T + 10_000, 5], [T + 20_000, null, 'crc'], [T + 30_000, 5], [T + 40_000, 5]] }, 10);
  const { line, area } = sparkPath(series, 100, 20);
  assert.equal(line, 'M0.0,10.0L25.0,10.0M75.0,10.0L100.0,10.0');
  assert.equal(area.match(/Z/g)?.length, 2);
});

test('faults are counted, the commonest first', () => {
  const faults = ['crc', 'timeout', 'crc'].map((error, i) => ({ time_ms: T + i, error }));
  assert.deepEqual(faultCounts(faults), [['crc', 2], ['timeout', 1]]);
});
