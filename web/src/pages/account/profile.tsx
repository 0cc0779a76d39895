// Who one is here: the address and the password, each with its way to change it.

import { useState } from 'preact/hooks';
import { changeEmail, changePassword, registrationForm } from '../../account-api.ts';
import { secret, text, useAction } from '../../parts/action.ts';
import { BusyButton } from '../../parts/busy-button.tsx';
import { EmailField } from '../../parts/field.tsx';
import { Icon } from '../../parts/icon.tsx';
import { PasswordField } from '../../parts/password-field.tsx';
import { ProblemText, useCountdown } from '../../parts/problem.tsx';
import { Section } from '../../parts/section.tsx';
import { Username } from '../../parts/username.tsx';
import { note, useStore } from '../../store.ts';
import { fieldProblem, otherProblem } from '../../words.ts';

function Address({ email }: { email: string }) {
  const [changing, setChanging] = useState(false);
  const [asked, setAsked] = useState<{ address: string; warning: string } | null>(null);
  const { busy, error, submit } = useAction(async (values) => {
    const address = text(values, 'email');
    setAsked({ address, warning: await changeEmail(address) });
    setChanging(false);
  });
  const left = useCountdown(error);
  return (
    <Section title="Address">
      <p>
        You sign in as <b class="address">{email}</b>. Mails about your account go there.
      </p>
      {asked && (
        <p class="hint" role="status">
          <span>
            A mail is on its way to <b class="address">{asked.address}</b>. Once you open the link in it, that is your address. Until then nothing
            changes. <b class="address">{email}</b> is told as well.
          </span>
        </p>
      )}
      {asked?.warning && (
        <p class="hint hint-late">
          <Icon name="warning" /> <span>{asked.warning}</span>
        </p>
      )}
      {changing ? (
        <form onSubmit={submit}>
          <EmailField label="New e-mail" autocomplete="email" autofocus problem={fieldProblem(error, 'email')} />
          <div role="alert">
            <ProblemText error={otherProblem(error, 'email')} />
          </div>
          <div class="actions">
            <BusyButton busy={busy} doing="Sending…" wait={left} class="primary">
              Send a link there
            </BusyButton>
            <button type="button" class="quiet" onClick={() => setChanging(false)}>
              Cancel
            </button>
          </div>
        </form>
      ) : (
        <div class="actions">
          <button type="button" onClick={() => setChanging(true)}>
            <Icon name="edit" /> Change the address
          </button>
        </div>
      )}
    </Section>
  );
}

function Password({ email }: { email: string }) {
  const [changing, setChanging] = useState(false);
  const [min, setMin] = useState<number | null>(null);
  const { busy, error, submit } = useAction(
    async (values) => void (await changePassword(secret(values, 'password'))),
    () => {
      setChanging(false);
      note('done', 'Your password is changed. Other browsers are signed out.');
    },
  );
  const left = useCountdown(error);
  const open = () => {
    setChanging(true);
    registrationForm('mail').then(
      (form) => setMin(form.password_min),
      () => {}, // the server says it in any case
    );
  };
  return (
    <Section title="Password">
      {changing ? (
        <form onSubmit={submit}>
          <Username />
          <PasswordField label="New password" autofocus fresh={{ min, email: () => email }} problem={fieldProblem(error, 'password')} />
          <p class="fine">All other browsers are signed out then. Devices and API keys go on as before.</p>
          <div role="alert">
            <ProblemText error={otherProblem(error, 'password')} />
          </div>
          <div class="actions">
            <BusyButton busy={busy} doing="Changing…" wait={left} class="primary">
              Change the password
            </BusyButton>
            <button type="button" class="quiet" onClick={() => setChanging(false)}>
              Cancel
            </button>
          </div>
        </form>
      ) : (
        <>
          <p class="fine">Only a hash of it is kept: nobody can read it, and nobody here will ever ask you for it.</p>
          <div class="actions">
            <button type="button" onClick={open}>
              <Icon name="edit" /> Change the password
            </button>
          </div>
        </>
      )}
    </Section>
  );
}

export function Profile() {
  const me = useStore((state) => (typeof state.session === 'object' ? state.session : null));
  if (!me) return null;
  return (
    <>
      <Address email={me.email} />
      <Password email={me.email} />
      <p class="fine">OceanRemote {me.server_version}</p>
    </>
  );
}
