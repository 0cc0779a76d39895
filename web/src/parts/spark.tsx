// The last quarter of an hour of one metric, drawn small. Decoration: the value beside it is the text.

import { useEffect, useReducer, useRef } from 'preact/hooks';
import * as api from '../api.ts';
import { onReading, onResync } from '../live.ts';
import { appendTo, dropBefore, seriesFrom, sparkPath, type Series } from '../series.ts';
import { serverNow } from '../store.ts';

const WINDOW_MS = 15 * 60_000;
const WIDTH = 300;
const HEIGHT = 56;

// A wall of cards must not ask for everything at once: one request after the other, well below the
// server's limit for an address.
const SPACING_MS = 80;
const queue: (() => Promise<void>)[] = [];
let running = false;

function enqueue(job: () => Promise<void>): void {
  queue.push(job);
  if (!running) void run();
}

async function run(): Promise<void> {
  running = true;
  for (let job = queue.shift(); job; job = queue.shift()) {
    await job().catch(() => {}); // a card without its line is still a card
    if (queue.length > 0) await new Promise((done) => setTimeout(done, SPACING_MS));
  }
  running = false;
}

const kept = new Map<string, Series>(); // so that coming back to the cards draws at once

export function Spark({ id, metric, intervalS }: { id: string; metric: string; intervalS: number }) {
  const key = `${id}/${metric}`;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const box = useRef<SVGSVGElement>(null);

  useEffect(() => {
    let gone = false;
    let asked = false;
    const load = () => {
      asked = true;
      enqueue(async () => {
        if (gone) return;
        const now = serverNow();
        kept.set(key, seriesFrom(await api.readings(id, { metric, from: now - WINDOW_MS, to: now }), intervalS));
        if (!gone) redraw(undefined);
      });
    };
    const near = (entries: IntersectionObserverEntry[]) => {
      if (!asked && entries.some((entry) => entry.isIntersecting)) load();
    };
    const seen = new IntersectionObserver(near, { rootMargin: '400px' });
    seen.observe(box.current!);
    const offReading = onReading((event) => {
      const series = kept.get(key);
      if (event.id !== id || !series) return;
      for (const one of event.readings) {
        if (one.metric === metric) appendTo(series, intervalS, one.time_ms, one.value ?? null, one.error);
      }
      dropBefore(series, serverNow() - WINDOW_MS);
      redraw(undefined);
    });
    const offResync = onResync(() => asked && load());
    return () => {
      gone = true;
      seen.disconnect();
      offReading();
      offResync();
    };
  }, [key, intervalS]);

  const series = kept.get(key);
  const { line, area } = series ? sparkPath(series, WIDTH, HEIGHT) : { line: '', area: '' };
  return (
    <svg ref={box} class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path class="spark-area" d={area} />
      <path class="spark-line" d={line} />
    </svg>
  );
}
