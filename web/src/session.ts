// Signing in and out, and what an owner does to a device.

import * as api from './api.ts';
import * as live from './live.ts';
import * as steps from './state.ts';
import { forget, get, note, say, serverNow, set, setFleet } from './store.ts';
import { quiet } from './words.ts';
import { switchLabel } from './format.ts';
import type { Json, Login } from './types.ts';

// Not a secret: it only spares a browser that never signed in here a request that must fail.
const HINT = 'oceanremote-signed-in';

function hint(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return true;
  }
}

function setHint(on: boolean): void {
  try {
    if (on) localStorage.setItem(HINT, '1');
    else localStorage.removeItem(HINT);
  } catch {
    // storage is switched off: the page only asks once more than it had to
  }
}

// Who is signed in, and what they may do by now.
export async function enter(): Promise<void> {
  const before = Date.now();
  const me = await api.me();
  const clockOffsetMs = me.server_time_ms - (before + Date.now()) / 2;
  set({ session: me, clockOffsetMs: Math.abs(clockOffsetMs) < 1000 ? 0 : Math.round(clockOffsetMs) });
  setHint(true);
  if (!me.second_factor_required) live.start();
}

export function leave(how: 'out' | 'ended'): void {
  get().proving?.(false);
  live.stop();
  setHint(false);
  forget(how);
}

api.onFactorWanted(() => {
  const { session } = get();
  if (typeof session !== 'object' || session.second_factor_required) return;
  live.stop();
  set({ session: { ...session, second_factor_required: true } });
});

// One question at a time, however many requests wait for its answer.
let asking: Promise<boolean> | null = null;

api.onProofNeeded(() => {
  asking ??= new Promise<boolean>((done) => {
    set({
      proving: (proved) => {
        asking = null;
        set({ proving: null });
        done(proved);
      },
    });
  });
  return asking;
});

api.onSessionLost(() => {
  if (typeof get().session === 'object') leave('ended');
});

// At the start of the page: is somebody signed in?
export async function resume(): Promise<void> {
  if (!hint()) return leave('out');
  try {
    await enter();
  } catch (error) {
    if (error instanceof api.Problem && error.status === 401) return leave('out');
    set({ link: 'lost' });
    setTimeout(resume, ((error instanceof api.Problem && error.retryAfterS) || 2) * 1000);
  }
}

export async function signIn(typed: Login): Promise<void> {
  await api.login(typed);
  await enter();
}

export async function signInWithPasskey(credential: Json): Promise<void> {
  await api.loginWithPasskey(credential);
  await enter();
}

export async function signOut(): Promise<void> {
  try {
    await api.logout();
  } catch (error) {
    if (!(error instanceof api.Problem) || error.status !== 401) return note('error', `Not signed out. ${quiet(error)}`);
  }
  leave('out');
}

// Shown at once as it was asked for; the device's own word follows by the live connection.
export async function flip(id: string, name: string, on: boolean): Promise<void> {
  setFleet((fleet) => steps.withIntent(fleet, id, name, on, serverNow()));
  try {
    const { version } = await api.setDesired(id, { switches: { [name]: on } });
    setFleet((fleet) => steps.withAccepted(fleet, id, name, on, version));
  } catch (error) {
    setFleet((fleet) => steps.withoutIntent(fleet, id, name));
    const device = get().fleet.devices.get(id);
    note('error', `${switchLabel(name)}${device ? ` of ${device.name}` : ''} was not switched. ${quiet(error)}`);
    say('Not switched.');
  }
}

export function rememberToken(id: string, token: string): void {
  set({ tokens: new Map(get().tokens).set(id, token) });
}

export async function freshToken(id: string): Promise<void> {
  const answer = await api.freshToken(id);
  rememberToken(id, answer.registration_token);
}
