import { Card } from '../parts/card.tsx';
import { Icon } from '../parts/icon.tsx';
import { Sea } from '../parts/sea.tsx';
import { usePageTitle } from '../parts/title.ts';
import { useStore } from '../store.ts';
import type { Known } from '../state.ts';
import type { Presence } from '../types.ts';

const COUNTED: Presence[] = ['online', 'late', 'sleeping', 'offline', 'pending', 'revoked'];

function Counts({ devices }: { devices: Known[] }) {
  const counts = COUNTED.map((state) => [state, devices.filter((device) => device.state === state).length] as const);
  return <p class="counts">{counts.filter(([, n]) => n > 0).map(([state, n]) => `${n} ${state}`).join(' · ')}</p>;
}

function Nothing() {
  return (
    <section class="panel welcome">
      <h2>No devices yet</h2>
      <p>Add one, run a single line on its machine, and watch it come alive here.</p>
      <a class="button primary" href="/add">
        <Icon name="add" /> Add a device
      </a>
      <Sea />
    </section>
  );
}

export function Devices() {
  usePageTitle('Devices');
  const devices = useStore((state) => state.fleet.devices);
  const loaded = useStore((state) => state.loaded);
  const all = [...devices.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>Devices</h1>
          <Counts devices={all} />
        </div>
        {all.length > 0 && (
          <a class="button primary" href="/add">
            <Icon name="add" /> Add a device
          </a>
        )}
      </div>
      {loaded && all.length === 0 && <Nothing />}
      <ul class="cards">
        {all.map((device) => (
          <li key={device.id}>
            <Card device={device} />
          </li>
        ))}
      </ul>
    </>
  );
}
