// The second step of signing in. The password has been right; what was typed stays in memory until
// this is over, and nowhere else.

import * as api from '../api.ts';
import { Problem } from '../client.ts';
import { text, useAction } from '../parts/action.ts';
import { useArrival } from '../parts/arrival.ts';
import { BusyButton } from '../parts/busy-button.tsx';
import { Entrance } from '../parts/entrance.tsx';
import { useCountdown } from '../parts/problem.tsx';
import { SignInProblem } from '../parts/sign-in-problem.tsx';
import { CodeOrRecovery, PasskeyButton } from '../parts/second-factor.tsx';
import { signIn } from '../session.ts';
import type { Json } from '../types.ts';
import { passkeysPossible, usePasskey } from '../webauthn.ts';
import { quiet } from '../words.ts';

interface Props {
  typed: { email: string; password: string };
  factors: string[];
  passkey: Json | null;
  onBack: () => void;
}

export function SecondStep({ typed, factors, passkey, onBack }: Props) {
  useArrival();
  const code = useAction((values) => signIn({ ...typed, code: text(values, 'code').replace(/\s/g, '') }));
  const byPasskey = useAction(async () => {
    // the question that came with the refusal is good once, and not for ever
    const question = byPasskey.error || !passkey ? await api.passkeyQuestion() : passkey;
    await signIn({ ...typed, passkey: await usePasskey(question) });
  });
  const error = code.error ?? byPasskey.error;
  const left = useCountdown(error);
  const refused = code.error instanceof Problem && code.error.kind === 'code-refused';
  const hasCode = factors.includes('totp') || factors.includes('recovery');

  return (
    <Entrance title="One more step">
      <p>
        For <b class="address">{typed.email}</b>, the password alone is not enough.
      </p>
      {factors.includes('passkey') && passkeysPossible() && (
        <PasskeyButton busy={byPasskey.busy} onClick={byPasskey.submit}>
          Use a passkey
        </PasskeyButton>
      )}
      {hasCode && (
        <form onSubmit={(event) => left === 0 && code.submit(event)}>
          <CodeOrRecovery factors={factors} problem={refused ? quiet(code.error) : ''} onSwitch={() => code.setError(null)} />
          <SignInProblem error={refused ? null : error} left={left} />
          <BusyButton busy={code.busy} doing="Signing in…" wait={left}>
            Sign in
          </BusyButton>
        </form>
      )}
      {!hasCode && <SignInProblem error={error} left={left} />}
      <details>
        <summary>Lost your phone or your passkey?</summary>
        <p class="fine">
          Use one of your recovery codes. Without any of them, only whoever runs this server can let you in again: ask them to switch two-step
          sign-in off for your account.
        </p>
      </details>
      <p class="below">
        <button type="button" class="link-button" onClick={onBack}>
          Start again
        </button>
      </p>
    </Entrance>
  );
}
