// One device on the wall: how it is, what it says, its switches.

import { devicePath } from '../route.ts';
import { duration, metricLabel, metricsInOrder } from '../format.ts';
import type { Known } from '../state.ts';
import { useStore } from '../store.ts';
import { Age } from './age.tsx';
import { Presence } from './presence.tsx';
import { Spark } from './spark.tsx';
import { isAlive, MiniTimeline } from './timeline.tsx';
import { Toggles } from './toggle.tsx';
import { Value } from './value.tsx';

const VALUES_SHOWN = 5; // the first is drawn large

function Readings({ device }: { device: Known }) {
  const metrics = metricsInOrder(Object.keys(device.latest));
  const [first, ...others] = metrics;
  if (!first) return <p class="card-empty">No readings since the server started.</p>;
  const shown = others.slice(0, VALUES_SHOWN - 1);
  const hidden = others.length - shown.length;
  return (
    <>
      <div class="card-main">
        <div class="card-main-value">
          <span class="card-label">{metricLabel(first)}</span>
          <Value metric={first} latest={device.latest[first]} />
        </div>
        <Spark id={device.id} metric={first} intervalS={device.interval_s} />
      </div>
      <dl class="card-values">
        {shown.map((metric) => (
          <div key={metric}>
            <dt>{metricLabel(metric)}</dt>
            <dd>
              <Value metric={metric} latest={device.latest[metric]} />
            </dd>
          </div>
        ))}
      </dl>
      {hidden > 0 && <p class="card-more">and {hidden} more</p>}
    </>
  );
}

function Foot({ device }: { device: Known }) {
  if (device.state === 'pending') {
    return (
      <p class="card-foot">
        <span>
          Added <Age ms={Date.parse(device.timeline.added_at)} />
        </span>
        <span>not started yet</span>
      </p>
    );
  }
  return (
    <p class="card-foot">
      {device.last_seen_ms ? (
        <span>
          Seen <Age ms={device.last_seen_ms} />
        </span>
      ) : (
        <span>Not seen yet</span>
      )}
      <span>every {duration(device.interval_s)}</span>
    </p>
  );
}

// Looks up its own device, so that one reading redraws one card.
export function Card({ id }: { id: string }) {
  const device = useStore((state) => state.fleet.devices.get(id));
  if (!device) return null;
  return (
    <article class={`card card-${device.state}`} data-device={device.id} data-state={device.state}>
      <div class="card-head">
        <h2>
          <a href={devicePath(device.id)}>{device.name}</a>
        </h2>
        <Presence state={device.state} />
      </div>
      {isAlive(device) ? <Readings device={device} /> : <MiniTimeline device={device} />}
      <Toggles device={device} />
      <Foot device={device} />
    </article>
  );
}
