// Numbers, ages and names as people read them.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

// "12 s", "3 min", "2 h 5 min", "4 d"
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) {
    const minutes = Math.floor((s % HOUR) / MINUTE);
    return minutes ? `${Math.floor(s / HOUR)} h ${minutes} min` : `${Math.floor(s / HOUR)} h`;
  }
  return `${Math.floor(s / DAY)} d`;
}

// How long ago, coarse: for something that is looked at, not calculated with.
export function age(thenMs: number, nowMs: number): string {
  const s = (nowMs - thenMs) / 1000;
  if (s < 1.5) return 'just now';
  if (s < MINUTE) return `${Math.floor(s)} s ago`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min ago`;
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)} h ago`;
  return `${Math.floor(s / DAY)} d ago`;
}

// Time since something, for watching: "0 s", "12 s", "3 min 5 s", "2 h".
export function elapsed(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1000);
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min ${s % MINUTE} s`;
  return duration(s);
}

// Between two times that are given in whole seconds.
export const after = (ms: number) => (ms < 1000 ? 'within a second' : `after ${elapsed(ms)}`);

const two = (n: number) => String(n).padStart(2, '0');

export function clock(ms: number, withSeconds = true): string {
  const t = new Date(ms);
  return `${two(t.getHours())}:${two(t.getMinutes())}${withSeconds ? `:${two(t.getSeconds())}` : ''}`;
}

export function dateTime(ms: number): string {
  const t = new Date(ms);
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${clock(ms)}`;
}

// --- quantities ---------------------------------------------------------------------------------

export interface Quantity {
  text: string;
  unit: string;
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function scaledBytes(value: number, suffix: string): Quantity {
  let scaled = value;
  let power = 0;
  while (Math.abs(scaled) >= 1024 && power < BINARY.length - 1) {
    scaled /= 1024;
    power++;
  }
  return { text: power === 0 ? String(Math.round(scaled)) : plain(scaled, 3), unit: BINARY[power] + suffix };
}

// Three to four significant digits, never an exponent, no "-0".
function plain(value: number, significant = 4): string {
  if (!Number.isFinite(value)) return '–';
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(6, Math.max(0, significant - 1 - Math.max(0, magnitude)));
  const cut = magnitude >= 0 ? decimals : Math.min(6, significant - 2 - magnitude);
  const text = value.toFixed(cut);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return (short === '-0' ? '0' : short).replace('-', '−');
}

function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '−');
}

interface Kind {
  match: RegExp;
  unit: string;
  decimals?: number;
  bytes?: boolean;
  kilobits?: boolean; // a second
  seconds?: boolean;
}

// The end of a metric's name says its unit; well-known quantities need none.
const KINDS: Kind[] = [
  { match: /_bytes_per_s$|_bytes_s$|_byte_rate$|_bps$/, unit: '/s', bytes: true },
  { match: /_bytes$|\.bytes$/, unit: '', bytes: true },
  { match: /_kbps$/, unit: '', kilobits: true },
  { match: /_percent$|_pct$|\.percent$|(^|[._])hum(idity)?([._]|\d*$)/, unit: '%', decimals: 1 },
  { match: /temperature|(^|[._])temp([._]|\d*$)|_c$|_celsius$/, unit: '°C', decimals: 1 },
  { match: /uptime|_seconds$|_s$/, unit: '', seconds: true },
  { match: /_ms$|latency/, unit: 'ms' },
  { match: /pressure|_hpa$/, unit: 'hPa', decimals: 1 },
  { match: /rssi|_dbm$/, unit: 'dBm', decimals: 0 },
  { match: /_v$|(^|[._])volt(age)?([._]|\d*$)/, unit: 'V', decimals: 2 },
  { match: /_ma$/, unit: 'mA' },
  { match: /_w$|power/, unit: 'W' },
  { match: /_mhz$/, unit: 'MHz', decimals: 0 },
  { match: /_hz$/, unit: 'Hz' },
  { match: /_lux$|illuminance/, unit: 'lx' },
  { match: /_ppm$|co2/, unit: 'ppm', decimals: 0 },
  { match: /^load/, unit: '', decimals: 2 },
];

const kindOf = (metric: string) => KINDS.find((kind) => kind.match.test(metric));

export function quantity(metric: string, value: number): Quantity {
  const kind = kindOf(metric);
  if (!kind) return { text: plain(value), unit: '' };
  if (kind.bytes) return scaledBytes(value, kind.unit);
  if (kind.kilobits) return Math.abs(value) < 1000 ? { text: plain(value, 3), unit: 'kbit/s' } : { text: plain(value / 1000, 3), unit: 'Mbit/s' };
  if (kind.seconds) return { text: duration(value), unit: '' };
  return { text: kind.decimals === undefined ? plain(value) : fixed(value, kind.decimals), unit: kind.unit };
}

export function quantityText(metric: string, value: number): string {
  const { text, unit } = quantity(metric, value);
  return unit ? `${text} ${unit}` : text;
}

const UNIT_ENDING = /_(bytes_per_s|bytes_s|byte_rate|kbps|bps|bytes|percent|pct|celsius|c|seconds|s|ms|hpa|dbm|v|ma|w|mhz|hz|lux|ppm)$/;
const SPELT: Record<string, string> = {
  cpu: 'CPU', rssi: 'RSSI', hum: 'humidity', volt: 'voltage', ip: 'IP', io: 'I/O', rx: 'received', tx: 'sent', mem: 'memory', temp: 'temperature', co2: 'CO₂',
  wifi: 'Wi-Fi', net: 'network',
};

// "cpu.temp_c", "temperature.cpu" → "CPU temperature"; "load.1m" → "Load, 1 min"
export function metricLabel(metric: string): string {
  const load = /^load\.?(\d+)m?$/.exec(metric)?.[1];
  if (load) return `Load, ${load} min`;
  const place = /^temperature\.(.+)$/.exec(metric)?.[1];
  if (place) return metricLabel(`${place}_temperature`);
  const words = metric.replace(UNIT_ENDING, '').split(/[._]+/).filter(Boolean).map((word) => SPELT[word] ?? word);
  const text = words.join(' ') || metric;
  return text[0]!.toUpperCase() + text.slice(1);
}

// "relay1" → "Relay 1"
export function switchLabel(name: string): string {
  const text = name.replace(/_/g, ' ').replace(/([a-z])(\d+)$/, '$1 $2');
  return text[0]!.toUpperCase() + text.slice(1);
}

const ERRORS: Record<string, string> = {
  missing: 'sensor does not answer',
  crc: 'damaged answer from the sensor (CRC)',
  timeout: 'sensor took too long',
  range: 'value outside what the sensor can measure',
  power_on: 'sensor gave its power-on value, no measurement',
  short: 'short circuit',
  open: 'broken wire',
};

export const errorText = (code: string) => ERRORS[code] ?? code.replace(/_/g, ' ');

// What stands on a card first: what people look for before what machines count.
const FIRST = [/^temperature/, /hum/, /temp/, /^load(\.?1m?)?$/, /load/, /cpu/, /mem/, /disk/, /net/];

export function metricsInOrder(metrics: string[]): string[] {
  const rank = (metric: string) => {
    const at = FIRST.findIndex((pattern) => pattern.test(metric));
    return at < 0 ? FIRST.length : at;
  };
  return [...metrics].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true }));
}

const BOARDS: Record<string, string> = {
  linux: 'Linux machine',
  'esp32-devkit-30': 'ESP32 DevKit, 30 pins',
  'esp32-devkit-36': 'ESP32 DevKit, 36 pins',
  'esp32-wroom': 'ESP32-WROOM',
  'esp32-wrover': 'ESP32-WROVER',
  'esp32-c3': 'ESP32-C3',
  'esp8266-d1-mini': 'ESP8266 D1 Mini',
  'esp8266-nodemcu': 'ESP8266 NodeMCU',
};

export const boardLabel = (board: string) => BOARDS[board] ?? board;

// A directory name that every shell takes as one plain word.
export function directoryName(name: string): string {
  const plainName = name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 32);
  return `./${plainName || 'device'}-state`;
}

export function deviceCommand(origin: string, name: string, token: string): string {
  return `oceanremote-device --server ${origin} --ca ca.pem --state ${directoryName(name)} --registration-token ${token}`;
}
