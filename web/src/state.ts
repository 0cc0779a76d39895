// What the page knows about the devices, as plain values and pure steps from one to the next.
// Events may arrive twice, late, or before the list they belong to; each step keeps what is newer.

import type { Device, DeviceState, Events, Latest, Reading } from './types.ts';

// A switch that was pressed here and isn't settled yet.
export interface Intent {
  on: boolean;
  at: number; // when it was pressed, in server time
  version: number | null; // of desired state; null until the server has answered
}

export interface Known extends Device {
  desired_since: number; // when this page first saw the desired version, in server time
}

export interface Fleet {
  devices: ReadonlyMap<string, Known>;
  intents: ReadonlyMap<string, Intent>; // by intentKey
}

export const EMPTY_FLEET: Fleet = { devices: new Map(), intents: new Map() };

export const intentKey = (id: string, name: string) => `${id}/${name}`;

function newerLatest(a: Record<string, Latest>, b: Record<string, Latest>): Record<string, Latest> {
  const merged = { ...a };
  for (const [metric, latest] of Object.entries(b)) {
    const have = merged[metric];
    if (!have || latest.time_ms >= have.time_ms) merged[metric] = latest;
  }
  return merged;
}

function known(device: Device, before: Known | undefined, now: number): Known {
  if (!before) return { ...device, desired_since: now };
  const merged: Known = { ...device, desired_since: before.desired_since };
  merged.latest = newerLatest(device.latest, before.latest);
  merged.last_seen_ms = Math.max(device.last_seen_ms ?? 0, before.last_seen_ms ?? 0) || null;
  if (before.desired_version > device.desired_version) {
    merged.desired = before.desired;
    merged.desired_version = before.desired_version;
  } else if (device.desired_version > before.desired_version) {
    merged.desired_since = now;
  }
  if (before.reported_version > device.reported_version) {
    merged.reported = before.reported;
    merged.reported_version = before.reported_version;
    merged.reported_at = before.reported_at;
  }
  return merged;
}

function withDevice(fleet: Fleet, device: Known): Fleet {
  const devices = new Map(fleet.devices).set(device.id, device);
  return settle({ ...fleet, devices }, device);
}

// Forget the intents that the device has answered.
function settle(fleet: Fleet, device: Known): Fleet {
  let intents: Map<string, Intent> | null = null;
  for (const [key, intent] of fleet.intents) {
    if (!key.startsWith(`${device.id}/`) || intent.version === null) continue;
    if (device.reported_version < intent.version) continue;
    intents ??= new Map(fleet.intents);
    intents.delete(key);
  }
  return intents ? { ...fleet, intents } : fleet;
}

// The full list, after (re)connecting. What isn't on it is gone.
export function withList(fleet: Fleet, list: Device[], now: number): Fleet {
  let next: Fleet = { ...fleet, devices: new Map() };
  for (const device of list) next = withDevice(next, known(device, undefinedIfReset(fleet, device), now));
  return next;
}

// A restored server may be older than what this page remembers; then the server is right.
function undefinedIfReset(fleet: Fleet, device: Device): Known | undefined {
  const before = fleet.devices.get(device.id);
  return before && device.desired_version >= before.desired_version ? before : undefined;
}

export function withDeviceEvent(fleet: Fleet, event: Events['device'], now: number): Fleet {
  if ('deleted' in event) {
    const devices = new Map(fleet.devices);
    devices.delete(event.id);
    return { ...fleet, devices };
  }
  return withDevice(fleet, known(event, fleet.devices.get(event.id), now));
}

function latestAfter(before: Latest | undefined, reading: Reading): Latest {
  if (before && before.time_ms > reading.time_ms) return before;
  if (reading.value !== undefined) {
    return { time_ms: reading.time_ms, value: reading.value, last_value: reading.value, last_value_ms: reading.time_ms };
  }
  const failed: Latest = { time_ms: reading.time_ms, value: null, error: reading.error ?? 'unknown' };
  const good = before?.value ?? before?.last_value;
  if (before && good !== null && good !== undefined) {
    failed.last_value = good;
    failed.last_value_ms = before.value !== null ? before.time_ms : (before.last_value_ms ?? before.time_ms);
  }
  return failed;
}

export function withReading(fleet: Fleet, event: Events['reading']): Fleet {
  const before = fleet.devices.get(event.id);
  if (!before) return fleet;
  const latest = { ...before.latest };
  for (const reading of event.readings) latest[reading.metric] = latestAfter(latest[reading.metric], reading);
  const device: Known = { ...before, latest, last_seen_ms: Math.max(before.last_seen_ms ?? 0, event.last_seen_ms) };
  if (!device.timeline.first_reading_at) {
    device.timeline = { ...device.timeline, first_reading_at: new Date(event.last_seen_ms).toISOString() };
  }
  return withDevice(fleet, device);
}

export function withDesired(fleet: Fleet, event: Events['desired'], now: number): Fleet {
  const before = fleet.devices.get(event.id);
  if (!before || before.desired_version >= event.version) return fleet;
  return withDevice(fleet, {
    ...before,
    desired: event.desired,
    desired_version: event.version,
    desired_since: now,
    interval_s: event.desired.interval_s ?? before.interval_s, // presence is counted from it at once
  });
}

export function withReported(fleet: Fleet, event: Events['reported']): Fleet {
  const before = fleet.devices.get(event.id);
  if (!before || before.reported_version > event.version) return fleet;
  return withDevice(fleet, {
    ...before,
    reported: event.state,
    reported_version: event.version,
    reported_at: event.reported_at,
  });
}

// --- switches -----------------------------------------------------------------------------------

export function withIntent(fleet: Fleet, id: string, name: string, on: boolean, now: number): Fleet {
  const intents = new Map(fleet.intents).set(intentKey(id, name), { on, at: now, version: null });
  return { ...fleet, intents };
}

// The server took it as this version; the device's answer may have been quicker than the server's.
export function withAccepted(fleet: Fleet, id: string, name: string, on: boolean, version: number): Fleet {
  const key = intentKey(id, name);
  const intent = fleet.intents.get(key);
  const device = fleet.devices.get(id);
  if (!intent || intent.on !== on || !device) return fleet;
  const intents = new Map(fleet.intents).set(key, { ...intent, version });
  let next: Fleet = { ...fleet, intents };
  if (device.desired_version < version) {
    const desired: DeviceState = { ...device.desired, switches: { ...device.desired.switches, [name]: on } };
    next = withDevice(next, { ...device, desired, desired_version: version, desired_since: intent.at });
  }
  return settle(next, next.devices.get(id)!);
}

export function withoutIntent(fleet: Fleet, id: string, name: string): Fleet {
  const intents = new Map(fleet.intents);
  intents.delete(intentKey(id, name));
  return { ...fleet, intents };
}

export type Phase =
  | 'confirmed' // the device says it is so
  | 'waiting' // asked, the device hasn't answered yet
  | 'slow' // asked more than SLOW_MS ago
  | 'away' // asked, and the device isn't connected
  | 'differs'; // the device has answered, with the other value

export const SLOW_MS = 10_000;

export interface SwitchView {
  name: string;
  on: boolean;
  phase: Phase;
}

export const isConnected = (device: Device) => device.state === 'online' || device.state === 'late';

export function switchNames(device: Device): string[] {
  const names = new Set([...Object.keys(device.reported.switches ?? {}), ...Object.keys(device.desired.switches ?? {})]);
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

export function switchView(device: Known, name: string, intent: Intent | undefined, now: number): SwitchView {
  const wanted = intent?.on ?? device.desired.switches?.[name];
  const reported = device.reported.switches?.[name];
  if (wanted === undefined) return { name, on: reported ?? false, phase: 'confirmed' };
  if (!intent && wanted === reported) return { name, on: wanted, phase: 'confirmed' };
  if (!intent && device.reported_version >= device.desired_version && reported !== undefined) {
    return { name, on: reported, phase: 'differs' };
  }
  if (!isConnected(device)) return { name, on: wanted, phase: 'away' };
  const since = intent?.at ?? device.desired_since;
  return { name, on: wanted, phase: now - since >= SLOW_MS ? 'slow' : 'waiting' };
}
