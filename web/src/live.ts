// The live connection: subscribe first, then load the list, so that nothing falls in between.
// A page that can't be seen gives its connection back after a while; browsers have few.

import * as api from './api.ts';
import * as steps from './state.ts';
import { get, say, serverNow, set, setFleet } from './store.ts';
import type { Events, Presence } from './types.ts';

const HIDDEN_MS = 30_000;
const RETRY_MS = [1000, 2000, 4000, 8000];

type Name = keyof Events;
type Waiting = { [N in Name]: { name: N; data: Events[N] } }[Name];

let source: EventSource | null = null;
let waiting: Waiting[] | null = null; // events that came while the list was loading
let attempts = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let generation = 0; // a list that was asked for before the last reconnect is not applied

const readingListeners = new Set<(event: Events['reading']) => void>();

export function onReading(call: (event: Events['reading']) => void): () => void {
  readingListeners.add(call);
  return () => void readingListeners.delete(call);
}

const resyncListeners = new Set<() => void>();

// After every (re)load of the list: what was drawn from history may have a hole.
export function onResync(call: () => void): () => void {
  resyncListeners.add(call);
  return () => void resyncListeners.delete(call);
}

const STATE_WORDS: Record<Presence, string> = {
  pending: 'waits for its first registration',
  online: 'is online',
  late: 'is late',
  sleeping: 'is asleep',
  offline: 'is offline',
  revoked: 'is revoked',
};

function announce(data: Events['device']): void {
  const before = get().fleet.devices.get(data.id);
  if ('deleted' in data || !before || before.state === data.state) return;
  if (data.state === 'late' || before.state === 'late') return; // too small to be read aloud
  say(`${data.name} ${STATE_WORDS[data.state]}.`);
}

function stepped(fleet: steps.Fleet, { name, data }: Waiting): steps.Fleet {
  const now = serverNow();
  switch (name) {
    case 'device':
      return steps.withDeviceEvent(fleet, data, now);
    case 'reading':
      return steps.withReading(fleet, data);
    case 'desired':
      return steps.withDesired(fleet, data, now);
    case 'reported':
      return steps.withReported(fleet, data);
  }
}

// However many events there are, the page is told once.
function apply(events: Waiting[]): void {
  for (const event of events) if (event.name === 'device') announce(event.data);
  setFleet((fleet) => events.reduce(stepped, fleet));
  for (const event of events) {
    if (event.name === 'reading') for (const call of [...readingListeners]) call(event.data);
  }
}

// The first reading of a burst is shown at once, the rest of it a moment later, together, so that a
// thousand busy devices don't draw a thousand times. What a switch waits for never waits.
const BURST_MS = 30;
let burst: Waiting[] = [];
let burstTimer: ReturnType<typeof setTimeout> | undefined;
let appliedAt = 0;

function flush(): void {
  clearTimeout(burstTimer);
  burstTimer = undefined;
  appliedAt = Date.now();
  apply(burst.splice(0));
}

function take(event: Waiting): void {
  burst.push(event);
  if (event.name !== 'reading' || Date.now() - appliedAt >= BURST_MS) flush();
  else burstTimer ??= setTimeout(flush, BURST_MS);
}

function listen<N extends Name>(to: EventSource, name: N): void {
  to.addEventListener(name, (event) => {
    if (to !== source) return;
    const one = { name, data: JSON.parse((event as MessageEvent<string>).data) } as Waiting;
    if (waiting) waiting.push(one);
    else take(one);
  });
}

async function load(): Promise<void> {
  const mine = ++generation;
  waiting = burst.splice(0);
  try {
    const list = await api.devices();
    if (mine !== generation) return;
    const late = waiting ?? [];
    waiting = null;
    setFleet((fleet) => steps.withList(fleet, list, serverNow()));
    apply(late);
    set({ loaded: true, link: 'live' });
    attempts = 0;
    for (const call of [...resyncListeners]) call();
  } catch (error) {
    if (mine !== generation) return;
    if (error instanceof api.Problem && error.status === 401) return; // signing in starts afresh
    reconnectSoon(error instanceof api.Problem ? error.retryAfterS : null);
  }
}

function reconnectSoon(retryAfterS: number | null = null): void {
  close();
  set({ link: 'lost' });
  const base = RETRY_MS[Math.min(attempts++, RETRY_MS.length - 1)]!;
  const wait = Math.max(base, (retryAfterS ?? 0) * 1000) * (0.75 + Math.random() / 2);
  timer = setTimeout(open, wait);
}

// An event source that was refused says nothing about why; an ordinary request does.
async function explain(): Promise<void> {
  try {
    await api.me();
  } catch (error) {
    if (error instanceof api.Problem && error.status === 401) return;
  }
  if (!source) return;
  reconnectSoon();
}

function open(): void {
  close();
  const mine = new EventSource(api.EVENTS_URL);
  source = mine;
  for (const name of ['device', 'reading', 'desired', 'reported'] as const) listen(mine, name);
  mine.onopen = () => {
    if (mine === source) void load();
  };
  mine.onerror = () => {
    if (mine !== source) return;
    set({ link: 'lost' });
    if (get().session === 'ended') return;
    if (mine.readyState === EventSource.CLOSED) void explain();
    else reconnectSoon(); // one schedule for every kind of loss, quicker than the browser's
  };
}

function close(): void {
  clearTimeout(timer);
  timer = undefined;
  clearTimeout(burstTimer);
  burstTimer = undefined;
  burst = [];
  generation++;
  waiting = null;
  source?.close();
  source = null;
}

let wanted = false;
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

function visibilityChanged(): void {
  clearTimeout(hiddenTimer);
  if (!wanted) return;
  if (document.hidden) {
    hiddenTimer = setTimeout(close, HIDDEN_MS);
  } else if (source?.readyState === EventSource.OPEN) {
    void load();
  } else {
    attempts = 0;
    open();
  }
}

document.addEventListener('visibilitychange', visibilityChanged);
window.addEventListener('online', visibilityChanged);
window.addEventListener('offline', () => wanted && set({ link: 'lost' }));

export function start(): void {
  wanted = true;
  attempts = 0;
  open();
}

export function stop(): void {
  wanted = false;
  clearTimeout(hiddenTimer);
  close();
}
