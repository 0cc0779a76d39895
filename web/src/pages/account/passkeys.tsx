// Passkeys: a phone, a computer or a security key that signs in by itself.

import { useState } from 'preact/hooks';
import { addPasskey, passkeyOptions, removePasskey, renamePasskey } from '../../account-api.ts';
import { dateTime } from '../../format.ts';
import { text, useAction } from '../../parts/action.ts';
import { Age } from '../../parts/age.tsx';
import { BusyButton } from '../../parts/busy-button.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ProblemText } from '../../parts/problem.tsx';
import { Section } from '../../parts/section.tsx';
import { thisBrowser } from '../../parts/this-browser.ts';
import { note } from '../../store.ts';
import type { Passkey } from '../../types.ts';
import { isBareAddress, makePasskey, passkeysPossible } from '../../webauthn.ts';
import { fieldProblem, otherProblem } from '../../words.ts';

interface One {
  passkey: Passkey;
  onClose: () => void;
}

function NameField({ value, problem }: { value: string; problem: string }) {
  return <Field label="Name" name="name" required maxLength={64} autocomplete="off" autofocus defaultValue={value} problem={problem} />;
}

function RenameDialog({ passkey, onClose }: One) {
  const { busy, error, submit } = useAction(async (values) => void (await renamePasskey(passkey.id, text(values, 'name'))), onClose);
  return (
    <Dialog title="Rename the passkey" onClose={onClose}>
      <form onSubmit={submit}>
        <NameField value={passkey.name} problem={fieldProblem(error, 'name')} />
        <ProblemText error={otherProblem(error, 'name')} />
        <div class="actions">
          <BusyButton busy={busy} doing="Renaming…" class="primary">
            Rename
          </BusyButton>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveDialog({ passkey, onClose }: One) {
  return (
    <ConfirmDialog title={`Remove ${passkey.name}?`} act="Remove" keep="Keep it" action={() => removePasskey(passkey.id)} onClose={onClose}>
      It no longer signs you in. Delete it on the device as well, where you manage its passwords.
    </ConfirmDialog>
  );
}

function AddDialog({ onClose, onAdded }: { onClose: () => void; onAdded: (codes?: string[]) => void }) {
  const { busy, error, submit } = useAction(async (values) => {
    const name = text(values, 'name');
    const credential = await makePasskey(await passkeyOptions());
    const { recovery_codes } = await addPasskey(name, credential);
    note('done', `The passkey ${name} is added.`);
    onClose();
    onAdded(recovery_codes);
  });
  return (
    <Dialog title="Add a passkey" onClose={onClose}>
      <form onSubmit={submit}>
        <NameField value={thisBrowser()} problem={fieldProblem(error, 'name')} />
        <p class="fine">So that you know later which one it is. The browser asks you next where to keep it.</p>
        <div role="alert">
          <ProblemText error={otherProblem(error, 'name')} />
        </div>
        <div class="actions">
          <BusyButton busy={busy} doing="Waiting for the browser…" class="primary">
            Continue
          </BusyButton>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Impossible() {
  return (
    <p class="fine">
      {isBareAddress(location.hostname)
        ? `Passkeys need a name, and ${location.hostname} is only a number. Open the dashboard by its name to add one.`
        : 'This browser knows no passkeys. Use a newer one to add one.'}
    </p>
  );
}

type Open = { what: 'rename' | 'remove'; passkey: Passkey } | 'add' | null;

export function Passkeys({ passkeys, onChange }: { passkeys: Passkey[]; onChange: (codes?: string[]) => void }) {
  const [open, setOpen] = useState<Open>(null);
  const close = () => {
    setOpen(null);
    onChange();
  };
  return (
    <Section title="Passkeys" intro="Sign in with your fingerprint, your face or a security key instead of a password. They cannot be phished.">
      {passkeys.length > 0 && (
        <ul class="rows">
          {passkeys.map((passkey) => (
            <li key={passkey.id}>
              <div>
                <b>{passkey.name}</b>
                <p class="fine">
                  Added {dateTime(Date.parse(passkey.created_at))} · {passkey.last_used_at ? <>used <Age ms={Date.parse(passkey.last_used_at)} /></> : 'never used'}
                </p>
              </div>
              <div class="actions">
                <button type="button" class="quiet" aria-label={`Rename ${passkey.name}`} onClick={() => setOpen({ what: 'rename', passkey })}>
                  <Icon name="edit" /> Rename
                </button>
                <button type="button" class="danger-quiet" aria-label={`Remove ${passkey.name}`} onClick={() => setOpen({ what: 'remove', passkey })}>
                  <Icon name="trash" /> Remove
                </button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {passkeysPossible() ? (
        <div class="actions">
          <button type="button" class={passkeys.length ? '' : 'primary'} onClick={() => setOpen('add')}>
            <Icon name="add" /> Add a passkey
          </button>
        </div>
      ) : (
        <Impossible />
      )}
      {open === 'add' && <AddDialog onClose={() => setOpen(null)} onAdded={onChange} />}
      {open && open !== 'add' && open.what === 'rename' && <RenameDialog passkey={open.passkey} onClose={close} />}
      {open && open !== 'add' && open.what === 'remove' && <RemoveDialog passkey={open.passkey} onClose={close} />}
    </Section>
  );
}
