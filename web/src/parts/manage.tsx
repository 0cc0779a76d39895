// What an owner can do with a device, each behind its own question.

import { useState } from 'preact/hooks';
import * as api from '../api.ts';
import { deviceCommand, duration } from '../format.ts';
import { navigate } from '../route.ts';
import { freshToken } from '../session.ts';
import { withDeviceEvent, type Known } from '../state.ts';
import { note, serverNow, setFleet, useStore } from '../store.ts';
import { useAction } from './action.ts';
import { CopyLine } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { ProblemText } from './problem.tsx';

interface Props {
  device: Known;
  onClose: () => void;
}

export function RenameDialog({ device, onClose }: Props) {
  const [name, setName] = useState(device.name);
  const rename = async () => {
    const renamed = await api.renameDevice(device.id, name.trim());
    setFleet((fleet) => withDeviceEvent(fleet, renamed, serverNow()));
  };
  const { busy, error, submit } = useAction(rename, onClose);
  return (
    <Dialog title="Rename" onClose={onClose}>
      <form onSubmit={submit}>
        <label class="field">
          <span>Name</span>
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} required maxLength={64} autocomplete="off" />
        </label>
        <ProblemText error={error} />
        <div class="actions">
          <button class="primary" type="submit" disabled={busy}>
            Rename
          </button>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function IntervalDialog({ device, onClose }: Props) {
  const [seconds, setSeconds] = useState(String(device.desired.interval_s ?? device.interval_s));
  const change = async () => {
    await api.setDesired(device.id, { interval_s: Number(seconds) });
    note('done', `${device.name} will report every ${duration(Number(seconds))}.`);
  };
  const { busy, error, submit } = useAction(change, onClose);
  return (
    <Dialog title="Report interval" onClose={onClose}>
      <form onSubmit={submit}>
        <label class="field">
          <span>Seconds between two reports, 1 to 3600</span>
          <input
            type="number"
            inputMode="numeric"
            min={1}
            max={3600}
            step={1}
            required
            value={seconds}
            onInput={(event) => setSeconds(event.currentTarget.value)}
          />
        </label>
        <p class="fine">Late and offline are counted from this interval.</p>
        <ProblemText error={error} />
        <div class="actions">
          <button class="primary" type="submit" disabled={busy}>
            Change
          </button>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function TokenDialog({ device, onClose }: Props) {
  const [made, setMade] = useState(false);
  const token = useStore((state) => state.tokens.get(device.id));
  const { busy, error, submit } = useAction(
    () => freshToken(device.id),
    () => setMade(true),
  );
  return (
    <Dialog title="Fresh registration token" onClose={onClose}>
      {made && token ? (
        <>
          <p>Run this on the machine that shall be this device. It works once, within 24 hours.</p>
          <CopyLine text={deviceCommand(location.origin, device.name, token)} label="Command that starts the device" />
          <div class="actions">
            <button type="button" class="primary" onClick={onClose}>
              Done
            </button>
          </div>
        </>
      ) : (
        <form onSubmit={submit}>
          <p>
            For a new board, or one that was wiped: when the token is used, the new board takes this device’s place and the old
            board’s key stops working. Nothing changes until then.
          </p>
          <ProblemText error={error} />
          <div class="actions">
            <button class="primary" type="submit" disabled={busy}>
              <Icon name="key" /> Make a token
            </button>
            <button type="button" class="quiet" onClick={onClose}>
              Cancel
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function DeleteDialog({ device, onClose }: Props) {
  const [typed, setTyped] = useState('');
  const remove = async () => {
    await api.deleteDevice(device.id);
    navigate('/');
    setFleet((fleet) => withDeviceEvent(fleet, { id: device.id, deleted: true }, serverNow()));
    note('done', `${device.name} was deleted.`);
  };
  const { busy, error, submit } = useAction(remove, () => {});
  const same = typed.trim() === device.name;
  return (
    <Dialog title={`Delete ${device.name}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>Its readings go with it and its key stops working. This cannot be undone.</p>
        <label class="field">
          <span>
            Type <b>{device.name}</b> to confirm
          </span>
          <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" spellcheck={false} />
        </label>
        <ProblemText error={error} />
        <div class="actions">
          <button class="danger" type="submit" disabled={busy || !same}>
            <Icon name="trash" /> Delete
          </button>
          <button type="button" class="quiet" onClick={onClose}>
            Keep it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const DIALOGS = { interval: IntervalDialog, token: TokenDialog, delete: DeleteDialog };

export function Manage({ device }: { device: Known }) {
  const [open, setOpen] = useState<keyof typeof DIALOGS | null>(null);
  const Shown = open && DIALOGS[open];
  const registered = device.registered_at !== null;
  return (
    <section class="panel manage" aria-labelledby="manage-title">
      <h2 id="manage-title">Manage</h2>
      <div class="manage-list">
        {registered && (
          <button type="button" onClick={() => setOpen('interval')}>
            <Icon name="waiting" /> Change the interval
          </button>
        )}
        {registered && (
          <button type="button" onClick={() => setOpen('token')}>
            <Icon name="key" /> Fresh registration token
          </button>
        )}
        <button type="button" class="danger-quiet" onClick={() => setOpen('delete')}>
          <Icon name="trash" /> Delete
        </button>
      </div>
      {Shown && <Shown device={device} onClose={() => setOpen(null)} />}
    </section>
  );
}
