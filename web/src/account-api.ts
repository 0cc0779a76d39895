// The API of an account: making one, its mail, password, second factors, sessions, keys and data.

import { json, request } from './client.ts';
import type { ApiKey, AuditPage, BrowserSession, Factors, Json, Proof, RegistrationForm, Scope, TotpSetup } from './types.ts';

// --- without being signed in --------------------------------------------------------------------

// To register, or (also where nobody may) to have a link mailed to an account that there is.
export type FormPurpose = 'register' | 'mail';

export const registrationForm = (purpose: FormPurpose) =>
  json<RegistrationForm>('GET', purpose === 'mail' ? '/registration-form?for=mail' : '/registration-form');

export interface Registration extends Proof {
  email: string;
  password: string;
  website: string; // a person leaves it empty
  turnstile?: string;
}

// What the server thinks of the address; "" when it minds nothing.
async function warningOf(response: Response): Promise<string> {
  const answer = (await response.json().catch(() => ({}))) as { warning?: string };
  return answer.warning ?? '';
}

export const register = async (typed: Registration) => warningOf(await request('POST', '/registration', { body: typed }));

export const confirmAddress = (token: string) => request('POST', '/confirmation', { body: { token } });

export const resendConfirmation = (email: string, proof: Proof) =>
  request('POST', '/confirmation/resend', { body: { email, ...proof } });

export const askForReset = (email: string, proof: Proof) => request('POST', '/password-reset', { body: { email, ...proof } });

export const finishReset = (token: string, password: string) =>
  request('POST', '/password-reset/finish', { body: { token, password } });

// --- the account --------------------------------------------------------------------------------

export const changePassword = (password: string) => request('POST', '/account/password', { body: { password } });

export const changeEmail = async (email: string) => warningOf(await request('POST', '/account/email', { body: { email } }));

export const deleteAccount = (email: string) => request('DELETE', '/account', { body: { email } });

interface AccountExport {
  devices: unknown[];
  next?: string;
}

// One file of all pages: those after the first have devices alone.
export async function exportAccount(): Promise<Blob> {
  const { next: second, ...whole } = await json<AccountExport>('GET', '/account/export');
  for (let after = second; after; ) {
    const page = await json<AccountExport>('GET', `/account/export?after=${encodeURIComponent(after)}`);
    whole.devices.push(...page.devices);
    if (page.next === after) throw new Error('the export does not go on');
    after = page.next;
  }
  return new Blob([JSON.stringify(whole, null, 2)], { type: 'application/json' });
}

// One page of readings as CSV, and the cursor of the next one.
export async function exportReadings(after: string, signal: AbortSignal): Promise<{ csv: string; next: string }> {
  const query = after ? `?after=${encodeURIComponent(after)}` : '';
  const response = await request('GET', `/account/export/readings${query}`, { accept: 'text/csv', signal });
  return { csv: await response.text(), next: response.headers.get('X-Next') ?? '' };
}

// --- who it is ----------------------------------------------------------------------------------

export interface Identity {
  password?: string;
  code?: string;
  passkey?: Json;
}

export const proveIdentity = (typed: Identity) => request('POST', '/session/confirmation', { body: typed });

export const sessions = async () => (await json<{ sessions: BrowserSession[] }>('GET', '/sessions')).sessions;

export const endSession = (id: string | number) => request('DELETE', `/sessions/${encodeURIComponent(id)}`);

export const endOtherSessions = () => request('DELETE', '/sessions');

export const audit = (before?: number | string) =>
  json<AuditPage>('GET', before === undefined ? '/audit' : `/audit?before=${encodeURIComponent(before)}`);

// --- second factors -----------------------------------------------------------------------------

interface Codes {
  recovery_codes: string[];
}

export const factors = () => json<Factors>('GET', '/factors');

export const setUpTotp = () => json<TotpSetup>('POST', '/factors/totp');

export const confirmTotp = async (code: string) =>
  (await json<Codes>('POST', '/factors/totp/confirmation', { body: { code } })).recovery_codes;

export const removeTotp = () => request('DELETE', '/factors/totp');

export const makeRecoveryCodes = async () => (await json<Codes>('POST', '/factors/recovery-codes')).recovery_codes;

export const passkeyOptions = async () => (await json<{ publicKey: Json }>('POST', '/factors/passkeys/options')).publicKey;

export const addPasskey = (name: string, credential: Json) =>
  json<{ id: string | number } & Partial<Codes>>('POST', '/factors/passkeys', { body: { name, credential } });

const passkey = (id: string | number) => `/factors/passkeys/${encodeURIComponent(id)}`;

export const renamePasskey = (id: string | number, name: string) => request('PATCH', passkey(id), { body: { name } });

export const removePasskey = (id: string | number) => request('DELETE', passkey(id));

// --- keys of scripts ----------------------------------------------------------------------------

export const apiKeys = async () => (await json<{ api_keys: ApiKey[] }>('GET', '/api-keys')).api_keys;

export const addApiKey = (name: string, scope: Scope, days: number | null) =>
  json<{ id: number; key: string }>('POST', '/api-keys', {
    body: { name, scope, ...(days === null ? {} : { expires_in_days: days }) },
  });

export const deleteApiKey = (id: number) => request('DELETE', `/api-keys/${id}`);
