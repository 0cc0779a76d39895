import { Card } from '../parts/card.tsx';
import { Icon } from '../parts/icon.tsx';
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
      <svg class="welcome-sea" viewBox="0 0 320 90" aria-hidden="true" focusable="false">
        <path d="M0 52c27 0 27-12 53-12s27 12 54 12 26-12 53-12 27 12 53 12 27-12 54-12 26 12 53 12v38H0z" />
        <path d="M0 68c20 0 20-8 40-8s20 8 40 8 20-8 40-8 20 8 40 8 20-8 40-8 20 8 40 8 20-8 40-8 20 8 40 8v22H0z" />
        <path class="welcome-signal" d="M146 27a20 20 0 0 1 28 0M152 33a11.5 11.5 0 0 1 16 0" />
        <circle class="welcome-dot" cx="160" cy="38" r="2.6" />
      </svg>
      <h2>No devices yet</h2>
      <p>Add one, run a single line on its machine, and watch it come alive here.</p>
      <a class="button primary" href="/add">
        <Icon name="add" /> Add a device
      </a>
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
