// A device's state: a shape, a word and only then a colour.

import type { Presence as State } from '../types.ts';

const WORDS: Record<State, string> = {
  pending: 'Pending',
  online: 'Online',
  late: 'Late',
  sleeping: 'Asleep',
  offline: 'Offline',
  revoked: 'Revoked',
};

const SHAPES: Record<State, string> = {
  online: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z',
  late: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 8 2.8zM8 5.2V8l2 1.6',
  offline: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 8 2.8zM4.6 4.6l6.8 6.8',
  pending: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 8 2.8z',
  sleeping: 'M12.5 9.6A5 5 0 0 1 6.4 3.5a5 5 0 1 0 6.1 6.1z',
  revoked: 'm4 4 8 8m0-8-8 8',
};

export function Presence({ state }: { state: State }) {
  return (
    <span class={`presence presence-${state}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
        <path d={SHAPES[state]} />
      </svg>
      {WORDS[state]}
    </span>
  );
}
