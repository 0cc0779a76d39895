// Adding a device: name it, copy one line, watch it come alive.

import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { ProblemText } from '../parts/problem.tsx';
import { Setup } from '../parts/setup.tsx';
import { isAlive } from '../parts/timeline.tsx';
import { usePageTitle } from '../parts/title.ts';
import { devicePath, navigate } from '../route.ts';
import { rememberToken } from '../session.ts';
import { withDeviceEvent, type Known } from '../state.ts';
import { say, serverNow, setFleet, useStore } from '../store.ts';
import { NotFound } from './not-found.tsx';

function NameForm() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const name = useRef<HTMLInputElement>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      const { registration_token, registration_expires_at: _, ...device } = await api.addDevice(
        String(form.get('name')).trim(),
        String(form.get('board')),
      );
      rememberToken(device.id, registration_token);
      setFleet((fleet) => withDeviceEvent(fleet, device, serverNow()));
      navigate(`/add?device=${encodeURIComponent(device.id)}`, 'replace');
    } catch (problem) {
      setError(problem);
      setBusy(false);
      name.current?.focus();
    }
  };
  return (
    <form class="panel add-form" onSubmit={(event) => void submit(event)}>
      <label class="field">
        <span>Name</span>
        <input ref={name} name="name" required maxLength={64} autocomplete="off" placeholder="Greenhouse" autofocus />
      </label>
      <fieldset class="field boards">
        <legend>Board</legend>
        <label class="board">
          <input type="radio" name="board" value="linux" checked />
          <Icon name="machine" />
          <span>
            <b>Linux machine</b>
            <small>Any Linux board, server or desktop. Reads load, memory, disk, temperatures and network.</small>
          </span>
        </label>
        <p class="fine">ESP32 and ESP8266 boards come with their firmware.</p>
      </fieldset>
      <ProblemText error={error} />
      <div class="actions">
        <button class="primary" type="submit" disabled={busy}>
          <Icon name="add" /> Add device
        </button>
        <a class="button quiet" href="/">
          Cancel
        </a>
      </div>
    </form>
  );
}

// A quiet wave, once.
function Alive({ device }: { device: Known }) {
  const open = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    say(`${device.name} is alive: its first reading has arrived.`);
    open.current?.focus();
  }, []);
  return (
    <section class="alive">
      <span class="alive-mark" aria-hidden="true">
        <Icon name="check" />
      </span>
      <div>
        <h2>{device.name} is alive</h2>
        <p>Its first reading has arrived and is on disk.</p>
      </div>
      <a class="button primary" ref={open} href={devicePath(device.id)}>
        Open device
      </a>
    </section>
  );
}

export function Add({ deviceId }: { deviceId: string | null }) {
  const device = useStore((state) => (deviceId ? state.fleet.devices.get(deviceId) : undefined));
  const loaded = useStore((state) => state.loaded);
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(device ? `Start ${device.name}` : 'Add a device');
  useEffect(() => {
    if (deviceId) heading.current?.focus();
  }, [deviceId]);
  if (deviceId && !device) return loaded ? <NotFound what="device" /> : null;
  return (
    <div class="add">
      <a class="crumb" href="/">
        <Icon name="back" /> Devices
      </a>
      <h1 ref={heading} tabIndex={-1}>
        {device ? device.name : 'Add a device'}
      </h1>
      {!device && <NameForm />}
      {device && isAlive(device) && <Alive device={device} />}
      {device && <Setup device={device} />}
    </div>
  );
}
