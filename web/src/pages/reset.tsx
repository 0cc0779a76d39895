// The link of a forgotten password's mail: choose a new one. It signs nobody in.

import { useEffect, useState } from 'preact/hooks';
import { finishReset } from '../account-api.ts';
import { isProblem } from '../client.ts';
import { forgetSecret } from '../mail-link.ts';
import { secret, useAction } from '../parts/action.ts';
import { useArrival } from '../parts/arrival.ts';
import { BusyButton } from '../parts/busy-button.tsx';
import { Entrance } from '../parts/entrance.tsx';
import { Icon } from '../parts/icon.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { ProblemText, useCountdown } from '../parts/problem.tsx';
import { useProver, useRegistrationForm } from '../parts/prover.tsx';
import { leave } from '../session.ts';
import { get } from '../store.ts';
import { fieldProblem, otherProblem } from '../words.ts';
import { useLinkSecret } from './confirm.tsx';

function Changed() {
  useArrival();
  return (
    <Entrance title="Your password is new">
      <p>
        <Icon name="check" /> Every browser that was signed in is signed out. If you use two-step sign-in, it is still on.
      </p>
      <a class="button primary wide" href="/sign-in">
        Sign in
      </a>
    </Entrance>
  );
}

function NoLink({ missing }: { missing: boolean }) {
  useArrival(!missing);
  return (
    <Entrance title={missing ? 'Open the link of the mail' : 'This link no longer works'}>
      <p>
        {missing
          ? 'What lets you choose a new password stands in the link that was mailed to you. Open it there, or copy it from the mail as a whole.'
          : 'It was used already, is older than an hour, or a newer one was used. Your password is as it was.'}
      </p>
      <a class="button primary wide" href="/forgot">
        Ask for a new mail
      </a>
      <p class="below">
        <a href="/sign-in">Sign in</a>
      </p>
    </Entrance>
  );
}

export function Reset() {
  const token = useLinkSecret();
  const { form } = useRegistrationForm(useProver('mail')); // says how long a password must be
  const [done, setDone] = useState(false);
  const { busy, error, setError, submit } = useAction(async (values) => {
    await finishReset(token, secret(values, 'password'));
    forgetSecret();
    setDone(true);
    if (typeof get().session === 'object') leave('out'); // of this browser too
  });
  useEffect(() => {
    if (!token) return;
    setError(null);
    setDone(false);
  }, [token]);
  const left = useCountdown(error);

  if (done) return <Changed />;
  if (isProblem(error, 'link-expired')) return <NoLink missing={false} />;
  if (!token) return <NoLink missing />;
  return (
    <Entrance title="Choose a new password">
      <form method="post" action="/reset" onSubmit={submit}>
        <PasswordField
          label="New password"
          autofocus
          fresh={{ min: form?.password_min ?? null, email: () => '' }}
          problem={fieldProblem(error, 'password')}
        />
        <div role="alert">
          <ProblemText error={otherProblem(error, 'password')} />
        </div>
        <BusyButton busy={busy} doing="Saving…" wait={left}>
          Save the new password
        </BusyButton>
      </form>
    </Entrance>
  );
}
