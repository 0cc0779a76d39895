// A password: it can be pasted, filled in by a password manager, and looked at.

import { useId, useRef, useState } from 'preact/hooks';
import { prepare } from '../strength.ts';
import { useAutofocus, useProblem } from './arrival.ts';
import { FieldProblem } from './field.tsx';
import { Icon } from './icon.tsx';
import { Meter } from './meter.tsx';

const MAX = 256;

interface Props {
  label?: string;
  name?: string;
  problem?: string;
  isRefused?: boolean; // said elsewhere: it may be the address that is wrong
  autofocus?: boolean;
  // For a new one: the shortest that is taken (null: only the server knows), and whose it will be.
  fresh?: { min: number | null; email: () => string };
}

export function PasswordField({ label = 'Password', name = 'password', problem = '', isRefused = false, autofocus = false, fresh }: Props) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const [typed, setTyped] = useState('');
  const line = useRef<HTMLInputElement>(null);
  useAutofocus(line, autofocus);
  const { shown: wrong, mend } = useProblem(line, problem);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <span class="field-joined">
        <input
          ref={line}
          id={id}
          type={(shown ? 'text' : 'password') as 'password'}
          name={name}
          autocomplete={fresh ? 'new-password' : 'current-password'}
          required
          minLength={fresh?.min ?? undefined}
          maxLength={fresh ? MAX : undefined}
          autofocus={autofocus}
          spellcheck={false}
          autocapitalize="off"
          aria-invalid={isRefused || wrong !== ''}
          aria-describedby={`${id}-problem${fresh ? ` ${id}-hint` : ''}`}
          onFocus={() => fresh && prepare()}
          onInput={(event) => {
            mend();
            if (fresh) setTyped(event.currentTarget.value);
          }}
        />
        <button type="button" class="quiet icon-only" aria-pressed={shown} aria-label="Show password" onClick={() => setShown(!shown)}>
          <Icon name={shown ? 'eye-off' : 'eye'} />
        </button>
      </span>
      <FieldProblem id={`${id}-problem`} text={wrong} />
      {fresh && <Meter id={`${id}-hint`} password={typed} min={fresh.min} email={fresh.email} />}
    </div>
  );
}
