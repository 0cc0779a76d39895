// Requests to the published API: JSON in, JSON out, problems as exceptions that say what to do.

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
    readonly more: Readonly<Record<string, unknown>> = {}, // the other members, by name
  ) {
    super(detail || title);
  }
}

export const isProblem = (error: unknown, kind: string): error is Problem => error instanceof Problem && error.kind === kind;

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
    body,
  );
}

let csrf: string | undefined;
let sessionLost: () => void = () => {};
let factorWanted: () => void = () => {};
let proveIt: () => Promise<boolean> = async () => false;

export function setCsrf(token: string | undefined): void {
  csrf = token;
}

// Called whenever the server says that nobody is signed in here.
export function onSessionLost(call: () => void): void {
  sessionLost = call;
}

// Called when the server has come to want a second factor before anything else.
export function onFactorWanted(call: () => void): void {
  factorWanted = call;
}

// Asks the owner to prove that it is really them; false when they would rather not.
export function onProofNeeded(call: () => Promise<boolean>): void {
  proveIt = call;
}

export interface Options {
  body?: unknown;
  accept?: string;
  signal?: AbortSignal;
}

export async function send(method: string, path: string, options: Options): Promise<Response> {
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

// Not the end of the session: what was typed was wrong, or wasn't all.
const TYPED = ['credentials-refused', 'code-needed', 'code-refused'];

// Each cure is tried once: a session whose id has been rotated gets its new CSRF token, an act that
// wants its owner to prove who they are asks them. Then the same request goes out again.
export async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  let mayRenew = path !== '/login';
  let mayProve = true;
  for (;;) {
    const response = await send(method, path, options);
    if (response.ok) return response;
    const problem = await problemFrom(response);
    if (problem.kind === 'csrf-refused' && mayRenew) {
      mayRenew = false;
      await renewCsrf();
    } else if (problem.kind === 'confirmation-needed' && mayProve) {
      mayProve = false;
      if (!(await proveIt())) throw new Problem('not-proved', 0, 'Nothing was changed.', '');
    } else {
      if (problem.status === 401 && !TYPED.includes(problem.kind)) sessionLost();
      if (problem.kind === 'second-factor-required') factorWanted();
      throw problem;
    }
  }
}

export async function json<T>(method: string, path: string, options?: Options): Promise<T> {
  return (await request(method, path, options)).json() as Promise<T>;
}

async function renewCsrf(): Promise<void> {
  setCsrf((await json<{ csrf?: string }>('GET', '/me')).csrf);
}

export const EVENTS_URL = `${BASE}/events`;
