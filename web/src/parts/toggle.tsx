// A switch of a device. It moves at once; the words below say what the device makes of it.

import { useEffect, useId, useRef } from 'preact/hooks';
import { switchLabel } from '../format.ts';
import { flip } from '../session.ts';
import { intentKey, switchNames, switchView, type Known, type Phase } from '../state.ts';
import { say, useNow, useStore } from '../store.ts';

function words(phase: Phase, on: boolean): string {
  switch (phase) {
    case 'confirmed':
      return on ? 'On' : 'Off';
    case 'waiting':
      return 'Waiting for the device…';
    case 'slow':
      return 'Not confirmed yet';
    case 'away':
      return `Will switch ${on ? 'on' : 'off'} when it is back`;
    case 'differs':
      return `The device says it is ${on ? 'on' : 'off'}`;
  }
}

export function Toggle({ device, name }: { device: Known; name: string }) {
  const intent = useStore((state) => state.fleet.intents.get(intentKey(device.id, name)));
  const pressed = useRef(false);
  const statusId = useId();
  const now = useNow(switchView(device, name, intent, 0).phase !== 'confirmed');
  const { on, phase } = switchView(device, name, intent, now);
  const label = switchLabel(name);
  const status = words(phase, on);

  useEffect(() => {
    if (!pressed.current) return; // only what was asked for here is read aloud
    if (phase === 'confirmed') pressed.current = false;
    if (phase !== 'waiting') say(`${label}: ${phase === 'confirmed' ? `${status}, confirmed` : status}.`);
  }, [phase]);

  const press = () => {
    pressed.current = true;
    void flip(device.id, name, !on);
  };
  return (
    <button
      type="button"
      role="switch"
      class="toggle"
      aria-checked={on}
      aria-label={`${label} of ${device.name}`}
      aria-describedby={statusId}
      data-switch={name}
      data-phase={phase}
      onClick={press}
    >
      <span class="toggle-words">
        <span class="toggle-name">{label}</span>
        <span class="toggle-status" id={statusId}>
          {status}
        </span>
      </span>
      <span class="toggle-track" aria-hidden="true">
        <i />
      </span>
    </button>
  );
}

export function Toggles({ device }: { device: Known }) {
  const names = switchNames(device);
  if (names.length === 0) return null;
  return (
    <div class="toggles">
      {names.map((name) => (
        <Toggle key={name} device={device} name={name} />
      ))}
    </div>
  );
}
