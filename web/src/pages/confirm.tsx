// The link of a mail: it confirms an address. A button does it, so that a program which only opens
// links (to look whether they are harmful) does not use it up.

import { useEffect, useReducer, useState } from 'preact/hooks';
import { confirmAddress, resendConfirmation } from '../account-api.ts';
import { isProblem } from '../client.ts';
import { forgetSecret, linkSecret, onSecret } from '../mail-link.ts';
import { text, useAction } from '../parts/action.ts';
import { useArrival } from '../parts/arrival.ts';
import { BusyButton } from '../parts/busy-button.tsx';
import { Entrance } from '../parts/entrance.tsx';
import { EmailField } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { ProblemText, useCountdown } from '../parts/problem.tsx';
import { Checking, useProver } from '../parts/prover.tsx';
import { Resend } from '../parts/resend.tsx';
import { enter } from '../session.ts';
import { useStore } from '../store.ts';

export function useLinkSecret(): string {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => onSecret(() => redraw(undefined)), []);
  return linkSecret();
}

function Confirmed({ isChange }: { isChange: boolean }) {
  const signedIn = useStore((state) => typeof state.session === 'object');
  useArrival();
  return (
    <Entrance title="Confirmed">
      <p>
        <Icon name="check" /> {isChange ? 'This is your address now. Sign in with it from now on.' : 'Your account is ready.'}
      </p>
      {signedIn ? (
        <a class="button primary wide" href={isChange ? '/account' : '/'}>
          {isChange ? 'Your account' : 'Your devices'}
        </a>
      ) : (
        <a class="button primary wide" href="/sign-in">
          Sign in
        </a>
      )}
    </Entrance>
  );
}

// For a registration whose mail was lost, or waited too long.
export function AskAgain() {
  const prover = useProver('mail');
  const [sentTo, setSentTo] = useState('');
  const { busy, error, submit } = useAction(async (values) => {
    const email = text(values, 'email');
    await prover.send((proof) => resendConfirmation(email, proof));
    setSentTo(email);
  });
  const left = useCountdown(error);
  if (sentTo) {
    return (
      <>
        <p role="status">
          If an account with <b class="address">{sentTo}</b> waits for its confirmation, a new mail is on its way. Its link works for
          24 hours.
        </p>
        <Resend email={sentTo} />
      </>
    );
  }
  return (
    <form onFocusIn={() => prover.begin()} onSubmit={submit}>
      <EmailField label="Your e-mail" />
      <ProblemText error={error} />
      <BusyButton busy={busy} doing="Sending…" wait={left}>
        Send a new mail
      </BusyButton>
      <Checking busy={busy} />
    </form>
  );
}

function Expired({ isChange, missing }: { isChange: boolean; missing: boolean }) {
  useArrival(!missing);
  return (
    <Entrance title={missing ? 'Open the link of the mail' : 'This link no longer works'}>
      <p>
        {missing
          ? 'What confirms your address stands in the link that was mailed to you. Open it there, or copy it from the mail as a whole.'
          : 'It was used already, or it is older than 24 hours. If you have confirmed before, all is well: just sign in.'}
      </p>
      <a class="button wide" href="/sign-in">
        Sign in
      </a>
      {isChange ? (
        <p class="fine">
          Your address was not changed by this. Ask for the change again on the page of <a href="/account">your account</a>.
        </p>
      ) : (
        <>
          <h2>Not confirmed yet?</h2>
          <AskAgain />
          <p class="below">
            Never registered? <a href="/register">Create an account</a>
          </p>
        </>
      )}
    </Entrance>
  );
}

export function Confirm({ isChange }: { isChange: boolean }) {
  const token = useLinkSecret();
  const [done, setDone] = useState(false);
  const signedIn = useStore((state) => typeof state.session === 'object');
  const { busy, error, setError, submit } = useAction(async () => {
    await confirmAddress(token);
    forgetSecret();
    setDone(true);
    if (signedIn) await enter().catch(() => {}); // the address has changed
  });
  useEffect(() => {
    if (!token) return;
    setError(null); // another link, another try
    setDone(false);
  }, [token]);
  const left = useCountdown(error);

  if (done) return <Confirmed isChange={isChange} />;
  if (isProblem(error, 'link-expired')) return <Expired isChange={isChange} missing={false} />;
  if (!token) return <Expired isChange={isChange} missing />;
  return (
    <Entrance title={isChange ? 'Confirm your new address' : 'Confirm your address'}>
      <p>{isChange ? 'Then it takes the place of the one that you have signed in with so far.' : 'One press, and your account is ready.'}</p>
      <form onSubmit={submit}>
        <div role="alert">
          <ProblemText error={error} />
        </div>
        <BusyButton busy={busy} doing="Confirming…" wait={left} autofocus>
          {isChange ? 'Confirm my new address' : 'Confirm my address'}
        </BusyButton>
      </form>
    </Entrance>
  );
}
