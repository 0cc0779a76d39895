// Making an account: two fields. That it is a person is found out meanwhile, by the machine.

import { useRef, useState } from 'preact/hooks';
import { register } from '../account-api.ts';
import { isProblem } from '../client.ts';
import { secret, text, useAction } from '../parts/action.ts';
import { BusyButton } from '../parts/busy-button.tsx';
import { Entrance } from '../parts/entrance.tsx';
import { EmailField } from '../parts/field.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { ProblemText, useCountdown } from '../parts/problem.tsx';
import { Checking, useProver, useRegistrationForm } from '../parts/prover.tsx';
import { Turnstile, type Widget } from '../parts/turnstile.tsx';
import { useStore } from '../store.ts';
import { fieldProblem, otherProblem } from '../words.ts';
import { Mailbox } from './mailbox.tsx';

export function Closed() {
  return (
    <Entrance title="No new accounts here">
      <p>Whoever runs this server makes the accounts. Ask them for one.</p>
      <details>
        <summary>You run it yourself?</summary>
        <p>Make an account on the server:</p>
        <code class="block">oceanremote user add --data DIR --email YOU@EXAMPLE.ORG</code>
      </details>
      <p class="below">
        <a href="/sign-in">Sign in</a>
      </p>
    </Entrance>
  );
}

function AlreadyIn({ email }: { email: string }) {
  return (
    <Entrance title="You have an account">
      <p>
        You are signed in as <b class="address">{email}</b>. To make another account, sign out first.
      </p>
      <a class="button primary wide" href="/">
        Your devices
      </a>
    </Entrance>
  );
}

// Left empty by people, who neither see nor reach it; programs fill in what they find.
function Trap() {
  return (
    <div class="trap" aria-hidden="true">
      <label>
        Website <input name="website" tabIndex={-1} autocomplete="off" />
      </label>
    </div>
  );
}

export function Register() {
  const prover = useProver('register');
  const { form, error: noForm } = useRegistrationForm(prover);
  const signedIn = useStore((state) => (typeof state.session === 'object' ? state.session.email : ''));
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState<{ email: string; warning: string } | null>(null);
  const widget = useRef<Widget | null>(null);
  const siteKey = form?.turnstile_site_key;

  const { busy, error, submit } = useAction(async (values) => {
    const turnstile = siteKey ? await widget.current!.answer() : undefined;
    const typed = { email: text(values, 'email'), password: secret(values, 'password'), website: secret(values, 'website') };
    try {
      const warning = await prover.send((proof) => register({ ...typed, ...proof, ...(turnstile ? { turnstile } : {}) }));
      setSent({ email: typed.email, warning });
    } catch (problem) {
      widget.current?.reset();
      throw problem;
    }
  });
  const left = useCountdown(error);

  if (isProblem(noForm, 'registration-closed') || isProblem(error, 'registration-closed')) return <Closed />;
  if (sent) return <Mailbox {...sent} onChange={() => setSent(null)} />;
  if (signedIn) return <AlreadyIn email={signedIn} />;
  return (
    <Entrance title="Create an account">
      <form method="post" action="/register" onFocusIn={() => prover.begin()} onSubmit={submit}>
        <EmailField autofocus value={email} onInput={(event) => setEmail(event.currentTarget.value)} problem={fieldProblem(error, 'email')} />
        <PasswordField fresh={{ min: form?.password_min ?? null, email: () => email }} problem={fieldProblem(error, 'password')} />
        <Trap />
        {siteKey && <Turnstile siteKey={siteKey} widget={widget} />}
        <div role="alert">
          <ProblemText error={otherProblem(error, 'email', 'password')} />
        </div>
        <BusyButton busy={busy} doing="Creating…" wait={left}>
          Create account
        </BusyButton>
        <Checking busy={busy} />
      </form>
      <p class="below">
        You have one? <a href="/sign-in">Sign in</a>
      </p>
    </Entrance>
  );
}
