// "Prove that it is you": asked before what would hurt, wherever the server wants it. What waits for
// the answer is then sent again by the client.

import { useState } from 'preact/hooks';
import { proveIdentity } from '../account-api.ts';
import { passkeyQuestion } from '../api.ts';
import { Problem } from '../client.ts';
import { useStore } from '../store.ts';
import { passkeysPossible, usePasskey } from '../webauthn.ts';
import { quiet } from '../words.ts';
import { secret, text, useAction } from './action.ts';
import { BusyButton } from './busy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { PasswordField } from './password-field.tsx';
import { ProblemText, useCountdown } from './problem.tsx';
import { CodeOrRecovery } from './second-factor.tsx';
import { Username } from './username.tsx';

function Questions({ onDone }: { onDone: (proved: boolean) => void }) {
  const [factors, setFactors] = useState<string[]>([]);
  const typed = useAction(
    async (values) => {
      const code = text(values, 'code').replace(/\s/g, '');
      try {
        await proveIdentity({ password: secret(values, 'password'), ...(code ? { code } : {}) });
      } catch (problem) {
        if (!(problem instanceof Problem && problem.kind === 'code-needed')) throw problem;
        setFactors((problem.more.factors as string[] | undefined) ?? ['totp', 'recovery']);
        throw null; // not wrong: only not all yet
      }
    },
    () => onDone(true),
  );
  const byPasskey = useAction(
    async () => void (await proveIdentity({ passkey: await usePasskey(await passkeyQuestion()) })),
    () => onDone(true),
  );
  const kind = typed.error instanceof Problem ? typed.error.kind : '';
  const other = kind === 'credentials-refused' || kind === 'code-refused' ? null : (typed.error ?? byPasskey.error);
  const left = useCountdown(typed.error ?? byPasskey.error);
  return (
    <Dialog title="Prove that it is you" onClose={() => onDone(false)}>
      <form onSubmit={(event) => left === 0 && typed.submit(event)}>
        <p>This is asked before anything that could lock you out. It counts for ten minutes.</p>
        <Username />
        <PasswordField autofocus problem={kind === 'credentials-refused' ? 'That is not your password.' : ''} />
        {factors.length > 0 && (
          <CodeOrRecovery factors={factors} problem={kind === 'code-refused' ? quiet(typed.error) : ''} onSwitch={() => typed.setError(null)} />
        )}
        <div role="alert">
          <ProblemText error={other} />
        </div>
        <div class="actions">
          <BusyButton busy={typed.busy} doing="Checking…" wait={left} class="primary">
            Continue
          </BusyButton>
          {passkeysPossible() && (
            <button type="button" aria-disabled={byPasskey.busy} onClick={byPasskey.submit}>
              <Icon name="key" /> Use a passkey
            </button>
          )}
          <button type="button" class="quiet" onClick={() => onDone(false)}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function ProveIt() {
  const onDone = useStore((state) => state.proving);
  return onDone ? <Questions onDone={onDone} /> : null;
}
