// The one place that holds what the page shows. Views read it with useStore and never change it.

import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { Me } from './types.ts';
import { EMPTY_FLEET, type Fleet } from './state.ts';

export type Link = 'starting' | 'live' | 'lost';

export interface Note {
  id: number;
  kind: 'error' | 'done';
  text: string;
}

export interface State {
  session: 'unknown' | 'out' | 'ended' | Me; // ended: was signed in, the server no longer thinks so
  link: Link;
  loaded: boolean; // the device list has been here at least once
  fleet: Fleet;
  tokens: ReadonlyMap<string, string>; // registration tokens by device: shown once, never stored
  notes: readonly Note[];
  said: string; // for screen readers
  proving: ((proved: boolean) => void) | null; // the owner is being asked to prove that it is them
  clockOffsetMs: number; // server's clock minus this machine's
}

const START: State = {
  session: 'unknown',
  link: 'starting',
  loaded: false,
  fleet: EMPTY_FLEET,
  tokens: new Map(),
  notes: [],
  said: '',
  proving: null,
  clockOffsetMs: 0,
};

let state = START;
const listeners = new Set<() => void>();

export const get = () => state;

export function set(change: Partial<State>): void {
  state = { ...state, ...change };
  for (const listener of [...listeners]) listener();
}

export function subscribe(call: () => void): () => void {
  listeners.add(call);
  return () => void listeners.delete(call);
}

export const setFleet = (step: (fleet: Fleet) => Fleet) => set({ fleet: step(state.fleet) });

// Everything of the last owner is gone, also from memory.
export function forget(session: 'out' | 'ended'): void {
  set({ ...START, session, clockOffsetMs: state.clockOffsetMs });
}

export function useStore<T>(select: (state: State) => T): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const value = select(state);
  const shown = useRef(value);
  const selector = useRef(select);
  shown.current = value;
  selector.current = select;
  useEffect(() => {
    const look = () => {
      if (!Object.is(selector.current(state), shown.current)) redraw(undefined);
    };
    const off = subscribe(look);
    look(); // something may have changed between drawing and listening
    return off;
  }, []);
  return value;
}

// --- time ---------------------------------------------------------------------------------------

export const serverNow = () => Date.now() + state.clockOffsetMs;

const ticks = new Set<() => void>();
setInterval(() => {
  if (!document.hidden) for (const tick of [...ticks]) tick();
}, 1000);

// The server's time, redrawn every second while the page can be seen.
export function useNow(active = true): number {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    if (!active) return;
    const tick = () => redraw(undefined);
    ticks.add(tick);
    return () => void ticks.delete(tick);
  }, [active]);
  return serverNow();
}

// --- words --------------------------------------------------------------------------------------

let lastNote = 0;

export function note(kind: Note['kind'], text: string): void {
  const id = ++lastNote;
  set({ notes: [...state.notes.slice(-2), { id, kind, text }] });
  if (kind === 'done') setTimeout(() => dropNote(id), 5000);
}

export const dropNote = (id: number) => set({ notes: state.notes.filter((one) => one.id !== id) });

export const say = (said: string) => set({ said });
