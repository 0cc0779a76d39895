import { Card } from '../parts/card.tsx';
import { Icon } from '../parts/icon.tsx';
import { Sea } from '../parts/sea.tsx';
import { usePageTitle } from '../parts/title.ts';
import { useStore } from '../store.ts';
import type { Fleet } from '../state.ts';
import type { Presence } from '../types.ts';

const COUNTED: Presence[] = ['online', 'late', 'sleeping', 'offline', 'pending', 'revoked'];

function counts(fleet: Fleet): string {
  const all = [...fleet.devices.values()];
  const words = COUNTED.map((state) => [all.filter((device) => device.state === state).length, state] as const);
  return words.filter(([n]) => n > 0).map(([n, state]) => `${n} ${state}`).join(' · ');
}

const byName = new Intl.Collator(undefined, { numeric: true });

// One text, so that this page is drawn anew only when a device comes, goes or is renamed.
function order(fleet: Fleet): string {
  const all = [...fleet.devices.values()];
  return all.sort((a, b) => byName.compare(a.name, b.name)).map((device) => device.id).join(' ');
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
  const ids = useStore((state) => order(state.fleet)).split(' ').filter(Boolean);
  const summary = useStore((state) => counts(state.fleet));
  const loaded = useStore((state) => state.loaded);
  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>Devices</h1>
          <p class="counts">{summary}</p>
        </div>
        {ids.length > 0 && (
          <a class="button primary" href="/add">
            <Icon name="add" /> Add a device
          </a>
        )}
      </div>
      {loaded && ids.length === 0 && <Nothing />}
      <ul class="cards">
        {ids.map((id) => (
          <li key={id}>
            <Card id={id} />
          </li>
        ))}
      </ul>
    </>
  );
}
