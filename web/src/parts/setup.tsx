// Bringing a device to life: the line that starts it, and what can be seen of it meanwhile.

import { useState } from 'preact/hooks';
import { dateTime, deviceCommand, duration } from '../format.ts';
import { freshToken } from '../session.ts';
import { useNow, useStore } from '../store.ts';
import type { Device } from '../types.ts';
import { CopyLine } from './copy.tsx';
import { Icon } from './icon.tsx';
import { ProblemText } from './problem.tsx';
import { isAlive, Timeline } from './timeline.tsx';

const QUIET_MS = 45_000; // then an owner starts to wonder

function Command({ device, token }: { device: Device; token: string }) {
  return (
    <section class="setup-command" aria-labelledby="command-title">
      <h2 id="command-title">Start it on the machine</h2>
      <p>
        Copy the server’s certificate file <code>DIR/ca.pem</code> (DIR is the server’s data directory) to the machine, beside the
        program, then run:
      </p>
      <CopyLine text={deviceCommand(location.origin, device.name, token)} label="Command that starts the device" />
      <p class="fine">
        The token in it works once{device.registration && `, until ${dateTime(Date.parse(device.registration.expires_at))}`}. It is
        shown only now and only here. Later starts need no token.
      </p>
      <FreshToken device={device} />
    </section>
  );
}

function NoToken({ device }: { device: Device }) {
  return (
    <section class="setup-command">
      <h2>Start it on the machine</h2>
      <p>
        The registration token was shown once and is kept nowhere. If the line that starts the device is lost, make a fresh
        token: the old one stops working.
      </p>
      <FreshToken device={device} primary />
    </section>
  );
}

export function FreshToken({ device, primary }: { device: Device; primary?: boolean }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      await freshToken(device.id);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" class={primary ? 'primary' : 'quiet'} disabled={busy} onClick={() => void make()}>
        <Icon name="key" /> Make a fresh token
      </button>
      <ProblemText error={error} />
    </>
  );
}

// Why it stands still, with the cure beside it.
function Stuck({ device, now, token }: { device: Device; now: number; token: string | undefined }) {
  const registration = device.registration;
  const refusal = registration?.last_refusal;
  if (refusal && !device.timeline.registered_at) {
    const usable = token !== undefined && registration.state === 'waiting';
    const why =
      refusal.reason === 'expired'
        ? 'its token had expired'
        : `its token had already been used${device.mac ? ` by ${device.mac}` : ''}`;
    return (
      <div class="stuck stuck-bad">
        <h3>
          <Icon name="warning" /> A device was refused
        </h3>
        <p>
          At {dateTime(Date.parse(refusal.at))} the device <b>{refusal.mac}</b> was refused: {why}.
          {registration.attempts > 1 && ` There were ${registration.attempts} attempts.`}{' '}
          {usable ? 'Start it with the line above.' : 'Make a fresh token and start the device with the new line.'}
        </p>
        {!usable && <FreshToken device={device} primary />}
      </div>
    );
  }
  if (registration?.state === 'expired' && !device.timeline.registered_at) {
    return (
      <div class="stuck stuck-bad">
        <h3>
          <Icon name="warning" /> The token has expired
        </h3>
        <p>A registration token lives 24 hours. Make a fresh one and start the device with the new line.</p>
        <FreshToken device={device} primary />
      </div>
    );
  }
  if (device.timeline.registered_at) return <StuckLater device={device} now={now} />;
  if (now - Date.parse(device.timeline.added_at) < QUIET_MS) return null;
  return (
    <details class="stuck">
      <summary>Nothing yet? What it usually is</summary>
      <ul>
        <li>The line has not been run yet, or the program stopped: it prints the reason on the machine.</li>
        <li>
          The machine cannot reach <b>{location.host}</b>: a firewall blocks outgoing HTTPS, or the name does not resolve there.
        </li>
        <li>
          <code>ca.pem</code> is from another server, or from before this one was set up anew. Copy it again.
        </li>
        <li>The line was broken when it was pasted. Use the copy button.</li>
      </ul>
    </details>
  );
}

function StuckLater({ device, now }: { device: Device; now: number }) {
  const since = Date.parse(device.timeline.session_at ?? device.timeline.registered_at!);
  const wait = Math.max(QUIET_MS, device.interval_s * 2000);
  if (now - since < wait) return null;
  return (
    <p class="stuck">
      {device.timeline.session_at
        ? `It sends every ${duration(device.interval_s)}, yet nothing has arrived. See what the program prints on the machine.`
        : 'It has its key but has not come back with it. Is the program still running on the machine?'}
    </p>
  );
}

export function Setup({ device }: { device: Device }) {
  const token = useStore((state) => state.tokens.get(device.id));
  const now = useNow();
  const registered = device.timeline.registered_at !== null;
  const offered = device.registration?.state === 'expired' || Boolean(device.registration?.last_refusal); // by Stuck
  return (
    <div class="setup">
      {!registered && token && device.registration?.state !== 'expired' && <Command device={device} token={token} />}
      {!registered && !token && !offered && <NoToken device={device} />}
      <section class="panel setup-progress" aria-labelledby="progress-title">
        <h2 id="progress-title">{isAlive(device) ? 'What happened' : 'What happens now'}</h2>
        <Timeline device={device} />
        <Stuck device={device} now={now} token={token} />
      </section>
    </div>
  );
}
