// As much of a browser as the live connection touches. Imported before it, for what it does.

export class FakeEventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static made: FakeEventSource[] = [];
  readyState = FakeEventSource.CONNECTING;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  #listeners = new Map<string, (event: { data: string }) => void>();

  constructor(readonly url: string) {
    FakeEventSource.made.push(this);
  }

  addEventListener(name: string, call: (event: { data: string }) => void): void {
    this.#listeners.set(name, call);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  open(): void {
    this.readyState = FakeEventSource.OPEN;
    this.onopen?.();
  }

  send(name: string, data: unknown): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) });
  }

  fail(readyState: number): void {
    this.readyState = readyState;
    this.onerror?.();
  }
}

// Time passes only when a test says so.
interface Timer {
  id: number;
  at: number;
  call: () => void;
}

let now = 0;
let lastId = 0;
let timers: Timer[] = [];

export function pass(ms: number): void {
  const end = now + ms;
  for (;;) {
    const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    now = next.at;
    timers = timers.filter((timer) => timer !== next);
    next.call();
  }
  now = end;
}

const page = new EventTarget() as EventTarget & { hidden: boolean };
page.hidden = false;

export function hide(hidden: boolean): void {
  page.hidden = hidden;
  page.dispatchEvent(new Event('visibilitychange'));
}

// What the next requests are answered, by path; a function may be slow.
export const answers: { devices: () => Promise<Response>; me: () => Promise<Response> } = {
  devices: async () => Response.json({ devices: [] }),
  me: async () => Response.json({}),
};

Object.assign(globalThis, {
  EventSource: FakeEventSource,
  document: page,
  window: new EventTarget(),
  setInterval: () => 0,
  setTimeout: (call: () => void, ms = 0) => {
    timers.push({ id: ++lastId, at: now + ms, call });
    return lastId;
  },
  clearTimeout: (id: number) => {
    timers = timers.filter((timer) => timer.id !== id);
  },
  fetch: (path: string) => (path.includes('/me') ? answers.me() : answers.devices()),
});

// Lets everything that is already decided happen.
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await new Promise((done) => setImmediate(done));
}
