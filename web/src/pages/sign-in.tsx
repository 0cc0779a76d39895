// Signing in, also in place of any page whose session has ended: afterwards one is where one was.

import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.ts';
import { Problem } from '../client.ts';
import { secret, text, useAction } from '../parts/action.ts';
import { BusyButton } from '../parts/busy-button.tsx';
import { Entrance } from '../parts/entrance.tsx';
import { EmailField } from '../parts/field.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { useCountdown } from '../parts/problem.tsx';
import { SignInProblem } from '../parts/sign-in-problem.tsx';
import { PasskeyButton } from '../parts/second-factor.tsx';
import { signIn, signInWithPasskey } from '../session.ts';
import type { Json } from '../types.ts';
import { canAutofill, passkeysPossible, usePasskey } from '../webauthn.ts';
import { SecondStep } from './second-step.tsx';
import { Unconfirmed } from './unconfirmed.tsx';

// Offers the passkeys that the browser has for this place among the addresses it would fill in.
function useAutofill(onError: (error: unknown) => void): AbortController {
  const control = useRef(new AbortController());
  useEffect(() => {
    const { signal } = control.current;
    const offer = async () => {
      if (!(await canAutofill()) || signal.aborted) return;
      const question = await api.passkeyQuestion();
      const answer = await usePasskey(question, { mediation: 'conditional', signal });
      await signInWithPasskey(answer);
    };
    offer().catch((error) => {
      if (!signal.aborted && error instanceof Problem && error.status === 401) onError(error); // else nobody has asked for it
    });
    return () => control.current.abort();
  }, []);
  return control.current;
}

interface Typed {
  email: string;
  password: string;
}

interface Step {
  kind: 'password' | 'code' | 'unconfirmed';
  typed: Typed; // kept while its owner looks for the code, then forgotten
  factors: string[];
  passkey: Json | null;
}

const FIRST: Step = { kind: 'password', typed: { email: '', password: '' }, factors: [], passkey: null };

function FirstStep({ ended, onNext }: { ended: boolean; onNext: (step: Step) => void }) {
  const { busy, error, setError, submit } = useAction(async (values) => {
    const typed = { email: text(values, 'email'), password: secret(values, 'password') };
    try {
      await signIn(typed);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const { factors, passkey } = problem.more as { factors?: string[]; passkey?: Json };
      if (problem.kind === 'code-needed') return onNext({ kind: 'code', typed, factors: factors ?? ['totp', 'recovery'], passkey: passkey ?? null });
      if (problem.kind === 'confirmation-pending') return onNext({ ...FIRST, kind: 'unconfirmed', typed: { ...typed, password: '' } });
      throw problem;
    }
  });
  const autofill = useAutofill(setError);
  const byPasskey = useAction(async () => {
    autofill.abort(); // a browser asks one question at a time
    await signInWithPasskey(await usePasskey(await api.passkeyQuestion()));
  });
  const shown = error ?? byPasskey.error;
  const left = useCountdown(shown);
  const refused = error instanceof Problem && error.kind === 'credentials-refused';
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!error) return;
    const password = form.current?.querySelector<HTMLInputElement>('[name="password"]');
    password?.focus();
    password?.select();
  }, [error]);

  return (
    <Entrance title="Sign in">
      {ended && <p class="hint">Your session has ended. Sign in again and you are back where you were.</p>}
      <form ref={form} method="post" action="/sign-in" onSubmit={(event) => left === 0 && submit(event)}>
        <EmailField autofocus autocomplete="username webauthn" aria-invalid={refused} />
        <PasswordField isRefused={refused} />
        <SignInProblem error={shown} left={left} />
        <BusyButton busy={busy} doing="Signing in…" wait={left}>
          Sign in
        </BusyButton>
      </form>
      {passkeysPossible() && (
        <PasskeyButton busy={byPasskey.busy} onClick={byPasskey.submit}>
          Sign in with a passkey
        </PasskeyButton>
      )}
      <p class="below below-two">
        <a href="/forgot">Forgot the password?</a>
        <a href="/register">Create an account</a>
      </p>
    </Entrance>
  );
}

export function SignIn({ ended }: { ended: boolean }) {
  const [step, setStep] = useState(FIRST);
  const back = () => setStep(FIRST);
  if (step.kind === 'code') return <SecondStep {...step} onBack={back} />;
  if (step.kind === 'unconfirmed') return <Unconfirmed email={step.typed.email} onBack={back} />;
  return <FirstStep ended={ended} onNext={setStep} />;
}
