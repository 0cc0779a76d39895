// A form's button: it says what is being done, and when it may be pressed again.

import type { ComponentChildren } from 'preact';

interface Props {
  busy: boolean;
  doing: string; // "Signing in…"
  wait?: number; // seconds
  class?: string;
  autofocus?: boolean;
  children: ComponentChildren;
}

export function BusyButton({ busy, doing, wait = 0, class: look = 'primary wide', autofocus = false, children }: Props) {
  return (
    <button
      class={look}
      type="submit"
      autofocus={autofocus}
      aria-disabled={busy || wait > 0}
      onClick={(event) => {
        if (wait > 0) event.preventDefault();
      }}
    >
      {busy ? doing : wait > 0 ? `Wait ${wait} s` : children}
    </button>
  );
}
