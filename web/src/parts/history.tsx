// A metric over time: range, chart, summary, what failed, export.

import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import * as api from '../api.ts';
import { clock, dateTime, errorText, metricLabel, quantityText } from '../format.ts';
import { onReading, onResync } from '../live.ts';
import { appendTo, dropBefore, emptySeries, faultCounts, seriesFrom, summary, type Series } from '../series.ts';
import type { Known } from '../state.ts';
import { note, serverNow } from '../store.ts';
import { quiet } from '../words.ts';
import { Age } from './age.tsx';
import { Chart, type Span } from './chart.tsx';
import { Icon } from './icon.tsx';
import { ProblemText } from './problem.tsx';
import { saveFile } from './save.ts';
import { Value } from './value.tsx';

const MINUTE = 60_000;
const RANGES = [
  { name: '15 min', ms: 15 * MINUTE },
  { name: '1 h', ms: 60 * MINUTE },
  { name: '6 h', ms: 360 * MINUTE },
  { name: '24 h', ms: 1440 * MINUTE },
] as const;
const YOUNG_MS = MINUTE; // a device this new gets its chart filled, not an empty plain

// The last `ms` until now; not further back than there has been a device.
function liveSpan(device: Known, ms: number): Span {
  const to = serverNow();
  const first = device.timeline.first_reading_at;
  const born = first ? Math.min(Date.parse(first) - 2000, to - YOUNG_MS) : 0;
  return { from: Math.max(to - ms, born), to };
}

interface Loaded {
  series: Series;
  revision: number;
  error: unknown;
  loading: boolean;
}

function useHistory(device: Known, metric: string, rangeMs: number, zoom: Span | null): Loaded {
  const held = useRef<Loaded>({ series: emptySeries(), revision: 0, error: null, loading: true });
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const { id } = device;
  const interval = useRef(device.interval_s);
  interval.current = device.interval_s;

  useEffect(() => {
    const abort = new AbortController();
    const show = (change: Partial<Loaded>) => {
      held.current = { ...held.current, ...change, revision: held.current.revision + 1 };
      redraw(undefined);
    };
    const load = async () => {
      const to = serverNow();
      const span = zoom ?? { from: to - rangeMs, to };
      try {
        const answer = await api.readings(id, { metric, ...span }, abort.signal);
        show({ series: seriesFrom(answer, interval.current), error: null, loading: false });
      } catch (error) {
        if (!abort.signal.aborted) show({ error, loading: false });
      }
    };
    show({ loading: true });
    void load();
    const offReading = onReading((event) => {
      const { series, loading } = held.current;
      if (event.id !== id || zoom || loading || series.stepS > 0) return;
      for (const one of event.readings) {
        if (one.metric === metric) appendTo(series, interval.current, one.time_ms, one.value ?? null, one.error);
      }
      dropBefore(series, serverNow() - rangeMs);
      show({});
    });
    const offResync = onResync(() => void load());
    const timer = setInterval(() => {
      if (zoom || document.hidden) return;
      if (held.current.series.stepS > 0) void load();
    }, MINUTE);
    return () => {
      abort.abort();
      offReading();
      offResync();
      clearInterval(timer);
    };
  }, [id, metric, rangeMs, zoom]);

  useEffect(() => {
    // a live chart moves on even when nothing new arrives
    const timer = setInterval(() => {
      if (zoom || document.hidden) return;
      held.current = { ...held.current, revision: held.current.revision + 1 };
      redraw(undefined);
    }, 1000);
    return () => clearInterval(timer);
  }, [zoom]);
  return held.current;
}

function Summary({ metric, series }: { metric: string; series: Series }) {
  const all = summary(series);
  if (!all) return null;
  return (
    <dl class="summary">
      {(['min', 'mean', 'max'] as const).map((key) => (
        <div key={key}>
          <dt>{{ min: 'Lowest', mean: 'Mean', max: 'Highest' }[key]}</dt>
          <dd>{quantityText(metric, all[key])}</dd>
        </div>
      ))}
    </dl>
  );
}

function Faults({ series }: { series: Series }) {
  if (series.faults.length === 0) return null;
  const last = series.faults[series.faults.length - 1]!;
  const counts = faultCounts(series.faults).map(([error, count]) => `${errorText(error)} ×${count}`);
  return (
    <p class="faults">
      <Icon name="warning" />
      <span>
        {series.faults.length === 1 ? 'One failed reading' : `${series.faults.length} failed readings`}: {counts.join(', ')}. Last at{' '}
        {clock(last.time_ms)}.
      </span>
    </p>
  );
}

// Somewhere there is data, unless there never was: one press goes to the newest.
function Empty({ device, metric, rangeMs, onShow }: { device: Known; metric: string; rangeMs: number; onShow: (span: Span) => void }) {
  const last = device.latest[metric]?.time_ms;
  return (
    <div class="history-empty">
      <p>No data in this time.</p>
      {last !== undefined && (
        <button type="button" onClick={() => onShow({ from: last - rangeMs, to: last + rangeMs / 50 })}>
          Show the newest readings
        </button>
      )}
    </div>
  );
}

function fileName(device: Known, metric: string, span: Span): string {
  const name = device.name.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || device.id;
  return `${name}_${metric}_${dateTime(span.from).replace(/[: ]/g, '-')}.csv`;
}

export function History({ device, metric }: { device: Known; metric: string }) {
  const [range, setRange] = useState<(typeof RANGES)[number]>(RANGES[0]);
  const [zoom, setZoom] = useState<Span | null>(null);
  const { series, revision, error, loading } = useHistory(device, metric, range.ms, zoom);
  const span = () => zoom ?? liveSpan(device, range.ms);
  const latest = device.latest[metric];

  const exportCsv = async () => {
    try {
      saveFile(await api.readingsCsv(device.id, { metric, ...span() }), fileName(device, metric, span()));
    } catch (problem) {
      note('error', `Not exported. ${quiet(problem)}`);
    }
  };
  return (
    <section class="panel history" aria-labelledby="history-title">
      <div class="history-head">
        <div>
          <h2 id="history-title">{metricLabel(metric)}</h2>
          <p class="history-value">
            <Value metric={metric} latest={latest} />
            {latest && (
              <span class="history-age">
                <Age ms={latest.time_ms} />
              </span>
            )}
          </p>
        </div>
        <div class="ranges" role="group" aria-label="Time range">
          {RANGES.map((one) => (
            <button
              key={one.name}
              type="button"
              aria-pressed={!zoom && one === range}
              onClick={() => {
                setZoom(null);
                setRange(one);
              }}
            >
              {one.name}
            </button>
          ))}
        </div>
      </div>
      <div class="history-chart" data-loading={loading}>
        <Chart metric={metric} series={series} revision={revision} span={span} onZoom={setZoom} onZoomOut={() => setZoom(null)} />
        {!loading && !error && series.t.length === 0 && <Empty device={device} metric={metric} rangeMs={range.ms} onShow={setZoom} />}
      </div>
      <ProblemText error={error} />
      <Faults series={series} />
      <div class="history-foot">
        <Summary metric={metric} series={series} />
        <div class="history-actions">
          {zoom ? (
            <button type="button" class="quiet" onClick={() => setZoom(null)}>
              <Icon name="back" /> Back to live
            </button>
          ) : (
            <span class="fine history-hint">Drag over the chart to zoom</span>
          )}
          <button type="button" class="quiet" onClick={() => void exportCsv()}>
            <Icon name="download" /> Export CSV
          </button>
        </div>
      </div>
    </section>
  );
}
