// What the API says, as types. The published description is api/openapi.yaml.

export type Presence = 'pending' | 'online' | 'late' | 'sleeping' | 'offline' | 'revoked';

export interface Latest {
  time_ms: number;
  value: number | null;
  error?: string; // only beside a null value
  last_value?: number | null; // the last good one
  last_value_ms?: number;
}

export interface Refusal {
  at: string;
  reason: 'expired' | 'used';
  mac: string;
}

export interface Registration {
  expires_at: string;
  state: 'waiting' | 'used' | 'expired';
  attempts: number;
  last_refusal: Refusal | null;
}

export interface Timeline {
  added_at: string;
  registered_at: string | null;
  session_at: string | null;
  first_reading_at: string | null;
}

// Both desired and reported state use these members; others are kept and ignored.
export interface DeviceState {
  switches?: Record<string, boolean>;
  interval_s?: number;
}

export interface Device {
  id: string;
  name: string;
  board: string;
  state: Presence;
  created_at: string;
  registered_at: string | null;
  last_seen_at: string | null;
  last_seen_ms: number | null;
  limited_at: string | null;
  interval_s: number;
  mac: string | null;
  chip: string | null;
  firmware_version: string | null;
  registration: Registration | null;
  timeline: Timeline;
  desired: DeviceState;
  desired_version: number;
  reported: DeviceState;
  reported_version: number;
  reported_at: string | null;
  latest: Record<string, Latest>;
}

export interface RegistrationToken {
  registration_token: string;
  registration_expires_at: string;
}

export type Scope = 'read' | 'control' | 'manage';

export interface ApiKey {
  id: number;
  name: string;
  scope: Scope;
  created_at: string;
  last_used_at: string | null;
  expires_at?: string | null; // null: never
}

export interface Me {
  email: string;
  second_factor_required?: boolean; // nothing else works until there is one
  admin: boolean;
  csrf?: string;
  server_version: string;
  server_time_ms: number;
  presence?: { late_after: number; offline_after: number };
}

export type RawPoint = [time_ms: number, value: number | null, quality?: string];

export interface Readings {
  metric: string;
  step_s?: number; // 0: raw
  points: RawPoint[];
  series?: { columns: string[]; rows: (number | null)[][] };
}

export interface Reading {
  metric: string;
  time_ms: number;
  value?: number;
  error?: string;
}

// The events of GET /events, by name.
export interface Events {
  device: Device | { id: string; deleted: true };
  reading: { id: string; last_seen_ms: number; readings: Reading[] };
  desired: { id: string; version: number; desired: DeviceState };
  reported: { id: string; version: number; state: DeviceState; reported_at: string };
}

// --- accounts -----------------------------------------------------------------------------------

export type Json = Record<string, unknown>;

export interface Login {
  email: string;
  password: string;
  code?: string;
  passkey?: Json;
}

export interface RegistrationForm {
  form: string;
  bits: number;
  password_min: number;
  disposable_mail: 'allow' | 'warn' | 'refuse';
  turnstile_site_key?: string;
}

// Of work: SHA-256(form + "." + work) begins with as many zero bits as the form asks for.
export interface Proof {
  form: string;
  work: string;
}

export interface BrowserSession {
  id: string | number;
  current: boolean;
  browser: string;
  system: string;
  address: string;
  network?: string | null;
  created_at: string;
  last_used_at: string;
  signed_in_with: string;
}

export interface AuditEntry {
  id: number;
  at: string;
  event: string;
  subject: string;
  address: string | null; // null: at the server itself
  detail: string;
}

export interface AuditPage {
  entries: AuditEntry[];
  next?: number | string | null;
}

export interface Passkey {
  id: string | number;
  name: string;
  created_at: string;
  last_used_at: string | null;
}

export interface Factors {
  totp: { on: boolean; since?: string | null };
  recovery_codes_left: number;
  passkeys: Passkey[];
  required: boolean;
}

export interface TotpSetup {
  secret: string;
  uri: string;
  qr: { size: number; path: string };
}
