import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../src/format.ts';

test('ages are coarse and never negative', () => {
  const now = 1_790_000_000_000;
  const cases: [number, string][] = [
    [0, 'just now'], [-5, 'just now'], [1.4, 'just now'], [2, '2 s ago'], [59.9, '59 s ago'], [60, '1 min ago'],
    [3599, '59 min ago'], [3600, '1 h ago'], [47 * 3600, '47 h ago'], [48 * 3600, '2 d ago'],
  ];
  for (const [seconds, text] of cases) assert.equal(format.age(now - seconds * 1000, now), text);
});

test('durations', () => {
  const cases: [number, string][] = [
    [0, '0 s'], [-1, '0 s'], [59, '59 s'], [90, '1 min'], [3600, '1 h'], [3660, '1 h 1 min'], [86_400, '1 d'],
  ];
  for (const [seconds, text] of cases) assert.equal(format.duration(seconds), text);
  assert.equal(format.elapsed(432), '0 s');
  assert.equal(format.after(432), 'within a second');
  assert.equal(format.after(3000), 'after 3 s');
  assert.equal(format.elapsed(12_900), '12 s');
  assert.equal(format.elapsed(185_000), '3 min 5 s');
});

test('a value has the unit that its metric names', () => {
  const cases: [string, number, string][] = [
    ['temperature', 21.54, '21.5 °C'],
    ['temperature.2', -0.04, '0.0 °C'],
    ['cpu_temp_c', 48, '48.0 °C'],
    ['cpu.temp', 48, '48.0 °C'],
    ['humidity', 55.06, '55.1 %'],
    ['memory_used_percent', 38, '38.0 %'],
    ['soil.humidity.2', 38, '38.0 %'],
    ['hum', 48.25, '48.3 %'],
    ['volt', 3.3, '3.30 V'],
    ['battery_v', 3.3, '3.30 V'],
    ['load1', 0.4, '0.40'],
    ['load.1m', 0.4, '0.40'],
    ['net.rx_kbps', 0.4, '0.4 kbit/s'],
    ['net.rx_kbps', 987.6, '988 kbit/s'],
    ['net.rx_kbps', 12_345, '12.3 Mbit/s'],
    ['temperature.cpu', 48, '48.0 °C'],
    ['net_rx_bytes_per_s', 123_456, '121 KiB/s'],
    ['memory_free_bytes', 2_147_483_648, '2 GiB'],
    ['disk_free_bytes', 512, '512 B'],
    ['uptime_s', 93_784, '1 d'],
    ['rssi', -67, '−67 dBm'],
    ['whatever', 1234.5678, '1235'],
    ['whatever', 0.00012345, '0.000123'],
    ['whatever', 0, '0'],
    ['whatever', 20, '20'],
    ['whatever', -3.5, '−3.5'],
    ['attempts', 3, '3'],
  ];
  for (const [metric, value, text] of cases) assert.equal(format.quantityText(metric, value), text, `${metric} ${value}`);
});

test('metric and switch names read as words', () => {
  assert.equal(format.metricLabel('cpu_temp_c'), 'CPU temperature');
  assert.equal(format.metricLabel('memory_used_percent'), 'Memory used');
  assert.equal(format.metricLabel('load1'), 'Load, 1 min');
  assert.equal(format.metricLabel('net.rx_bytes_per_s'), 'Network received');
  assert.equal(format.metricLabel('load.15m'), 'Load, 15 min');
  assert.equal(format.metricLabel('memory.used_percent'), 'Memory used');
  assert.equal(format.metricLabel('net.rx_kbps'), 'Network received');
  assert.equal(format.metricLabel('temperature.cpu'), 'CPU temperature');
  assert.equal(format.metricLabel('temperature.acpi_z1'), 'Acpi z1 temperature');
  assert.equal(format.metricLabel('temperature'), 'Temperature');
  assert.equal(format.metricLabel('s'), 'S');
  assert.equal(format.switchLabel('relay1'), 'Relay 1');
  assert.equal(format.switchLabel('water_pump'), 'Water pump');
});

test('what people look for comes first', () => {
  assert.deepEqual(format.metricsInOrder(['uptime_s', 'load.5m', 'load.1m', 'humidity', 'temperature', 'cpu_temp_c']), [
    'temperature', 'humidity', 'cpu_temp_c', 'load.1m', 'load.5m', 'uptime_s',
  ]);
});

test('the line to copy is one plain line whatever the device is called', () => {
  const token = `oc_reg_${'x'.repeat(43)}`;
  for (const name of ['Greenhouse', 'Küche; rm -rf /', '$(reboot)', '`id`', '…', '../../etc', '"quoted" name']) {
    const line = format.deviceCommand('https://example.org:8443', name, token);
    assert.match(
      line,
      /^oceanremote-device --server https:\/\/example\.org:8443 --ca ca\.pem --state \.\/[a-z0-9-]+-state --registration-token oc_reg_x{43}$/,
    );
  }
  assert.equal(format.directoryName('Küche 2'), './ku-che-2-state');
  assert.equal(format.directoryName('温室'), './device-state');
});
