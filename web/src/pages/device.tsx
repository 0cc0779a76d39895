// One device: its readings over time, its switches, what it is, and what can be done with it.

import { useState } from 'preact/hooks';
import { metricLabel, metricsInOrder } from '../format.ts';
import { Age } from '../parts/age.tsx';
import { Details } from '../parts/details.tsx';
import { History } from '../parts/history.tsx';
import { Icon } from '../parts/icon.tsx';
import { Manage, RenameDialog } from '../parts/manage.tsx';
import { Presence } from '../parts/presence.tsx';
import { Setup } from '../parts/setup.tsx';
import { isAlive } from '../parts/timeline.tsx';
import { usePageTitle } from '../parts/title.ts';
import { Toggles } from '../parts/toggle.tsx';
import { Value } from '../parts/value.tsx';
import { switchNames, type Known } from '../state.ts';
import { useStore } from '../store.ts';
import { NotFound } from './not-found.tsx';

function Metrics({ device, chosen, onChoose }: { device: Known; chosen: string; onChoose: (metric: string) => void }) {
  return (
    <div class="metrics" role="group" aria-label="Readings">
      {metricsInOrder(Object.keys(device.latest)).map((metric) => (
        <button key={metric} type="button" class="metric" aria-pressed={metric === chosen} data-metric={metric} onClick={() => onChoose(metric)}>
          <span class="metric-name">{metricLabel(metric)}</span>
          <Value metric={metric} latest={device.latest[metric]} />
        </button>
      ))}
    </div>
  );
}

function Away({ device }: { device: Known }) {
  if (device.state !== 'offline' && device.state !== 'late') return null;
  return (
    <p class={`away away-${device.state}`}>
      <Icon name="warning" />
      <span>
        {device.state === 'late'
          ? 'Its last reading is overdue. A short break in its network is the usual reason.'
          : 'It has stopped answering. Is it powered, is its program running, and can it reach this server? What it measures meanwhile is kept on the device and arrives when it is back.'}
      </span>
    </p>
  );
}

function Head({ device }: { device: Known }) {
  const [renaming, setRenaming] = useState(false);
  return (
    <>
      <a class="crumb" href="/">
        <Icon name="back" /> Devices
      </a>
      <div class="page-head device-head">
        <h1 tabIndex={-1}>{device.name}</h1>
        <button type="button" class="quiet icon-only" aria-label="Rename" onClick={() => setRenaming(true)}>
          <Icon name="edit" />
        </button>
        <Presence state={device.state} />
        {device.last_seen_ms && (
          <span class="device-seen">
            seen <Age ms={device.last_seen_ms} />
          </span>
        )}
      </div>
      {renaming && <RenameDialog device={device} onClose={() => setRenaming(false)} />}
    </>
  );
}

export function DevicePage({ id }: { id: string }) {
  const device = useStore((state) => state.fleet.devices.get(id));
  const loaded = useStore((state) => state.loaded);
  const [asked, setAsked] = useState<string | null>(null);
  usePageTitle(device?.name ?? 'Device');
  if (!device) return loaded ? <NotFound what="device" /> : null;

  const metrics = metricsInOrder(Object.keys(device.latest));
  const chosen = asked && metrics.includes(asked) ? asked : metrics[0];
  const settingUp = !isAlive(device);
  return (
    <div class="device" data-device={device.id} data-state={device.state} data-alive={!settingUp}>
      <Head device={device} />
      <Away device={device} />
      {settingUp && <Setup device={device} />}
      <div class="device-columns">
        {switchNames(device).length > 0 && (
          <section class="panel device-switches" aria-labelledby="switches-title">
            <h2 id="switches-title">Switches</h2>
            <Toggles device={device} />
          </section>
        )}
        {chosen && (
          <div class="device-main">
            <Metrics device={device} chosen={chosen} onChoose={setAsked} />
            <History key={chosen} device={device} metric={chosen} />
          </div>
        )}
        <div class="device-side">
          <Details device={device} />
          <Manage device={device} />
        </div>
      </div>
    </div>
  );
}
