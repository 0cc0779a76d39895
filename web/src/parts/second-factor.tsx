// What an owner has besides a password: a code of their app, one of the recovery codes, a passkey.

import { useState } from 'preact/hooks';
import { CodeField, Field } from './field.tsx';
import { Icon } from './icon.tsx';

export function CodeOrRecovery({ factors, problem, onSwitch }: { factors: string[]; problem: string; onSwitch: () => void }) {
  const hasApp = factors.includes('totp');
  const hasRecovery = factors.includes('recovery');
  const [recovery, setRecovery] = useState(!hasApp);
  if (!hasApp && !hasRecovery) return null;
  const flip = () => {
    setRecovery(!recovery);
    onSwitch();
  };
  return (
    <>
      {recovery ? (
        <Field
          key="recovery"
          label="Recovery code"
          name="code"
          required
          autofocus
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={40}
          class="code-input"
          hint="One of the ten that you kept when you set this up. Each works once."
          problem={problem}
        />
      ) : (
        <CodeField key="app" label="Code from your app" autofocus hint="Six digits, from the authenticator app on your phone." problem={problem} />
      )}
      {hasApp && hasRecovery && (
        <button type="button" class="link-button" onClick={flip}>
          {recovery ? 'Use a code from the app' : 'Use a recovery code'}
        </button>
      )}
    </>
  );
}

export function PasskeyButton({ busy, onClick, children }: { busy: boolean; onClick: (event: Event) => void; children: string }) {
  return (
    <button type="button" class="wide" aria-disabled={busy} onClick={onClick}>
      <Icon name="key" /> {busy ? 'Waiting for the passkey…' : children}
    </button>
  );
}
