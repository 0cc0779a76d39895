// The client of the published API: JSON in, JSON out, problems as exceptions that say what to do.

import type { ApiKey, Device, DeviceState, Me, Readings, RegistrationToken, Scope } from './types.ts';

const BASE = '/api/v1';

// An RFC 9457 answer, or the absence of any answer (name "unreachable").
export class Problem extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfterS: number | null = null,
    readonly field: string | null = null,
  ) {
    super(detail || title);
  }
}

export async function problemFrom(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get('Retry-After'));
  const retryAfterS = Number.isFinite(retry) && retry > 0 ? retry : null;
  let body: Record<string, unknown> = {};
  try {
    if ((response.headers.get('Content-Type') ?? '').includes('json')) body = await response.json();
  } catch {
    // an answer that isn't what it says it is still has a status
  }
  const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : '');
  return new Problem(
    text('type').replace(/^.*\//, '') || `status-${response.status}`,
    response.status,
    text('title') || `The server answered ${response.status}.`,
    text('detail'),
    retryAfterS,
    text('field') || null,
  );
}

let csrf: string | undefined;
let sessionLost: () => void = () => {};

// Called whenever the server says that nobody is signed in here.
export function onSessionLost(call: () => void): void {
  sessionLost = call;
}

interface Options {
  body?: unknown;
  accept?: string;
  signal?: AbortSignal;
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf;
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(BASE + path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem('unreachable', 0, 'The server cannot be reached.', 'Check the connection; this page keeps trying.');
  }
}

async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  let response = await send(method, path, options);
  if (response.ok) return response;
  let problem = await problemFrom(response);
  if (problem.kind === 'csrf-refused' && path !== '/login') {
    await me(); // the session's id has been rotated: take its new CSRF token and ask again, once
    response = await send(method, path, options);
    if (response.ok) return response;
    problem = await problemFrom(response);
  }
  if (problem.status === 401 && path !== '/login') sessionLost();
  throw problem;
}

async function json<T>(method: string, path: string, options?: Options): Promise<T> {
  return (await request(method, path, options)).json() as Promise<T>;
}

const device = (id: string) => `/devices/${encodeURIComponent(id)}`;

export async function login(email: string, password: string): Promise<void> {
  const answer = await json<{ csrf: string }>('POST', '/login', { body: { email, password } });
  csrf = answer.csrf;
}

export async function logout(): Promise<void> {
  await request('POST', '/logout');
  csrf = undefined;
}

export async function me(): Promise<Me> {
  const answer = await json<Me>('GET', '/me');
  csrf = answer.csrf;
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

export const apiKeys = async () => (await json<{ api_keys: ApiKey[] }>('GET', '/api-keys')).api_keys;

export const addApiKey = (name: string, scope: Scope) =>
  json<{ id: number; key: string }>('POST', '/api-keys', { body: { name, scope } });

export const deleteApiKey = (id: number) => request('DELETE', `/api-keys/${id}`);

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

export const EVENTS_URL = `${BASE}/events`;
