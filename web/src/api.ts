// The API as the dashboard uses it: signing in, and devices. An account's own routes: account-api.ts.

import { json, request, setCsrf } from './client.ts';
import type { Device, DeviceState, Json, Login, Me, Readings, RegistrationToken } from './types.ts';

export { EVENTS_URL, isProblem, onFactorWanted, onProofNeeded, onSessionLost, Problem } from './client.ts';

const device = (id: string) => `/devices/${encodeURIComponent(id)}`;

export async function login(typed: Login): Promise<void> {
  setCsrf((await json<{ csrf: string }>('POST', '/login', { body: typed })).csrf);
}

export async function loginWithPasskey(credential: Json): Promise<void> {
  setCsrf((await json<{ csrf: string }>('POST', '/login/passkey', { body: { credential } })).csrf);
}

// What a browser asks its passkeys: each answer is good for one try.
export const passkeyQuestion = async () => (await json<{ publicKey: Json }>('GET', '/login/passkey')).publicKey;

export async function logout(): Promise<void> {
  await request('POST', '/logout');
  setCsrf(undefined);
}

export async function me(): Promise<Me> {
  const answer = await json<Me>('GET', '/me');
  setCsrf(answer.csrf);
  return answer;
}

export async function devices(): Promise<Device[]> {
  const all: Device[] = [];
  let after = '';
  do {
    const page = await json<{ devices: Device[]; next?: string }>('GET', `/devices?limit=200${after}`);
    all.push(...page.devices);
    after = page.next ? `&after=${encodeURIComponent(page.next)}` : '';
  } while (after);
  return all;
}

export const addDevice = (name: string, board: string) =>
  json<Device & RegistrationToken>('POST', '/devices', { body: { name, board } });

export const renameDevice = (id: string, name: string) => json<Device>('PATCH', device(id), { body: { name } });

export const deleteDevice = (id: string) => request('DELETE', device(id));

export const freshToken = (id: string) => json<RegistrationToken>('POST', `${device(id)}/registration-token`);

export const setDesired = (id: string, patch: DeviceState) =>
  json<{ version: number }>('PATCH', `${device(id)}/desired`, { body: patch });

export interface Window {
  metric: string;
  from: number;
  to: number;
  step?: number;
}

function readingsPath(id: string, window: Window): string {
  const query = new URLSearchParams({
    metric: window.metric,
    from: String(Math.floor(window.from)),
    to: String(Math.ceil(window.to)),
  });
  if (window.step) query.set('step', String(window.step));
  return `${device(id)}/readings?${query}`;
}

export const readings = (id: string, window: Window, signal?: AbortSignal) =>
  json<Readings>('GET', readingsPath(id, window), signal ? { signal } : {});

export async function readingsCsv(id: string, window: Window): Promise<Blob> {
  return (await request('GET', readingsPath(id, window), { accept: 'text/csv' })).blob();
}
