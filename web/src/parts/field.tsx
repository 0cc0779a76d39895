// A line to type in, with what is wrong with it right beside it.

import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { useAutofocus, useProblem } from './arrival.ts';
import { Icon } from './icon.tsx';

export function FieldProblem({ id, text }: { id: string; text: string }) {
  return (
    <span id={id} class="field-problem" role="alert">
      {text && (
        <>
          <Icon name="warning" /> <span>{text}</span>
        </>
      )}
    </span>
  );
}

// What a caller may say of the line itself.
interface Input {
  type?: 'text' | 'email';
  value?: string;
  defaultValue?: string;
  required?: boolean;
  autofocus?: boolean;
  autocomplete?: string;
  autocapitalize?: 'off';
  spellcheck?: boolean;
  inputMode?: 'numeric';
  pattern?: string;
  title?: string;
  maxLength?: number;
  class?: string;
  'aria-invalid'?: boolean;
  onInput?: (event: InputEvent & { currentTarget: HTMLInputElement }) => void;
}

interface Props extends Input {
  label: ComponentChildren;
  name: string;
  problem?: string; // "" when there is none
  hint?: ComponentChildren;
}

export function Field({ label, problem = '', hint, onInput, ...input }: Props) {
  const id = useId();
  const line = useRef<HTMLInputElement>(null);
  useAutofocus(line, input.autofocus);
  const { shown, mend } = useProblem(line, problem);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        aria-invalid={shown !== ''}
        {...(input as object)}
        onInput={(event) => {
          mend();
          onInput?.(event);
        }}
        ref={line}
        id={id}
        aria-describedby={`${id}-problem${hint ? ` ${id}-hint` : ''}`}
      />
      {hint && (
        <span id={`${id}-hint`} class="field-hint">
          {hint}
        </span>
      )}
      <FieldProblem id={`${id}-problem`} text={shown} />
    </div>
  );
}

export function EmailField(props: Partial<Props>) {
  return <Field label="E-mail" name="email" type="email" autocomplete="username" required maxLength={254} spellcheck={false} autocapitalize="off" {...props} />;
}

// Six digits, from an app. Password managers and phones fill it in by themselves.
export function CodeField(props: Partial<Props>) {
  return (
    <Field
      label="Code"
      name="code"
      type="text"
      inputMode="numeric"
      autocomplete="one-time-code"
      pattern="[0-9 ]{6,8}"
      title="Six digits"
      required
      maxLength={8}
      spellcheck={false}
      class="code-input"
      {...props}
    />
  );
}
