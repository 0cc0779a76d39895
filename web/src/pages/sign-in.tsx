// Signing in, also in place of any page whose session has ended: afterwards one is where one was.

import { useRef, useState } from 'preact/hooks';
import { Problem } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { useCountdown } from '../parts/problem.tsx';
import { Sea } from '../parts/sea.tsx';
import { usePageTitle } from '../parts/title.ts';
import { signIn } from '../session.ts';
import { quiet } from '../words.ts';

function Failure({ error, left }: { error: unknown; left: number }) {
  const problem = error instanceof Problem ? error : null;
  if (problem?.status === 401) {
    return (
      <>
        <b>E-mail or password is wrong.</b> No account yet? Whoever runs the server makes one there:
        <code class="block">oceanremote user add --data DIR --email YOU@EXAMPLE.ORG</code>
      </>
    );
  }
  if (problem && (problem.status === 429 || problem.status === 503)) {
    const why = problem.status === 429 ? 'Too many attempts to sign in.' : 'The server is busy.';
    return (
      <>
        <b>{why}</b> {left > 0 ? `Try again in ${left} s.` : 'You can try again now.'}
      </>
    );
  }
  return <>{quiet(error)}</>;
}

export function SignIn({ ended }: { ended: boolean }) {
  usePageTitle('Sign in');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const password = useRef<HTMLInputElement>(null);
  const left = useCountdown(error);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy || left > 0) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      await signIn(String(form.get('email')).trim(), String(form.get('password')));
    } catch (problem) {
      setError(problem);
      setBusy(false);
      password.current?.focus();
      password.current?.select();
    }
  };
  return (
    <div class="sign-in">
      <form class="panel sign-in-form" method="post" action="/sign-in" onSubmit={(event) => void submit(event)}>
        <h1 tabIndex={-1}>Sign in</h1>
        {ended && (
          <p class="hint">Your session has ended. Sign in again and you are back where you were.</p>
        )}
        <label class="field">
          <span>E-mail</span>
          <input type="email" name="email" autocomplete="username" required autofocus spellcheck={false} autocapitalize="off" />
        </label>
        <div class="field">
          <label for="password">Password</label>
          <span class="field-joined">
            <input
              ref={password}
              id="password"
              type={(shown ? 'text' : 'password') as 'password'}
              name="password"
              autocomplete="current-password"
              required
              spellcheck={false}
              autocapitalize="off"
              aria-invalid={error instanceof Problem && error.status === 401}
              aria-describedby="sign-in-problem"
            />
            <button
              type="button"
              class="quiet icon-only"
              aria-pressed={shown}
              aria-label="Show password"
              onClick={() => setShown(!shown)}
            >
              <Icon name={shown ? 'eye-off' : 'eye'} />
            </button>
          </span>
        </div>
        <div id="sign-in-problem" role="alert">
          {error ? (
            <div class="problem">
              <Icon name="warning" />
              <span>
                <Failure error={error} left={left} />
              </span>
            </div>
          ) : null}
        </div>
        <button class="primary wide" type="submit" aria-disabled={busy || left > 0}>
          {busy ? 'Signing in…' : left > 0 ? `Wait ${left} s` : 'Sign in'}
        </button>
      </form>
      <Sea />
    </div>
  );
}
