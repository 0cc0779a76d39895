// A forgotten password: the way back goes through the mailbox.

import { useState } from 'preact/hooks';
import { askForReset } from '../account-api.ts';
import { text, useAction } from '../parts/action.ts';
import { useArrival } from '../parts/arrival.ts';
import { BusyButton } from '../parts/busy-button.tsx';
import { Entrance } from '../parts/entrance.tsx';
import { EmailField } from '../parts/field.tsx';
import { ProblemText, useCountdown } from '../parts/problem.tsx';
import { Checking, useProver } from '../parts/prover.tsx';
import { fieldProblem, otherProblem } from '../words.ts';

function Sent({ email, onAgain }: { email: string; onAgain: () => void }) {
  useArrival();
  return (
    <Entrance title="Look into your mailbox">
      <p>
        If there is an account with <b class="address">{email}</b>, a mail is on its way. Its link lets you choose a new password, once,
        within an hour.
      </p>
      <h2>Nothing there?</h2>
      <ul class="plain-list">
        <li>Give it a few minutes, and look into the folder for spam.</li>
        <li>The account may be under another of your addresses.</li>
      </ul>
      <button type="button" onClick={onAgain}>
        Try again
      </button>
      <p class="below">
        <a href="/sign-in">Sign in</a>
      </p>
    </Entrance>
  );
}

export function Forgot() {
  const prover = useProver('mail');
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, error, submit } = useAction(async (values) => {
    await prover.send((proof) => askForReset(text(values, 'email'), proof));
    setSent(true);
  });
  const left = useCountdown(error);
  if (sent) return <Sent email={email.trim()} onAgain={() => setSent(false)} />;
  return (
    <Entrance title="A new password">
      <p>Tell us the address of your account. A mail with a link comes to it.</p>
      <form method="post" action="/forgot" onFocusIn={() => prover.begin()} onSubmit={submit}>
        <EmailField autofocus value={email} onInput={(event) => setEmail(event.currentTarget.value)} problem={fieldProblem(error, 'email')} />
        <div role="alert">
          <ProblemText error={otherProblem(error, 'email')} />
        </div>
        <BusyButton busy={busy} doing="Sending…" wait={left}>
          Send me a link
        </BusyButton>
        <Checking busy={busy} />
      </form>
      <p class="below">
        <a href="/sign-in">Back to sign in</a>
      </p>
    </Entrance>
  );
}
