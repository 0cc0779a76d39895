// A full disk: writes are told so, reads go on, and nothing that was acknowledged is lost.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Device } from './lib/device.mjs';
import { is, isProblem } from './lib/expect.mjs';
import { Server, sleep, until } from './lib/server.mjs';

const DISK_MB = 6;
let disk, server, ada, device;
const acknowledged = [];

// A disk small enough to fill: of our own when we may mount one, else a bound on the size of files.
// SMALL_DISK=limit chooses the second.
function smallDisk() {
  const directory = mkdtempSync(join(tmpdir(), 'oceanremote-disk-'));
  const say = (what) => console.log(`full disk: ${what}`);
  if (process.env.SMALL_DISK !== 'limit' && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', directory]).status === 0) {
    say(`a tmpfs of ${DISK_MB} MB`);
    return mounted(directory);
  }
  say('no tmpfs mounted; files are bounded by RLIMIT_FSIZE instead');
  return bounded(directory);
}

function mounted(directory) {
  const filler = join(directory, 'filler');
  return {
    directory,
    fill() {
      // Whole blocks until there are none, so that no page is left for anybody.
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096']);
      assert.ok(statSync(filler).size > 0);
    },
    free: () => rmSync(filler),
    done() {
      spawnSync('umount', [directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

// A process whose files may not grow beyond what they are cannot write either; its limit can be moved from outside.
function bounded(directory) {
  const limit = (bytes) => {
    for (const { pid, name } of server.children()) {
      if (name === 'core') assert.equal(spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]).status, 0);
    }
  };
  return {
    directory,
    fill: () => limit(1024),
    free: () => limit('unlimited'),
    done: () => rmSync(directory, { recursive: true, force: true }),
  };
}

before(async () => {
  disk = smallDisk();
  server = await Server.start({ directory: disk.directory });
  ada = await Client.login(server, await server.addUser('ada@example.org'));
  device = await Device.enrol(ada);
});

after(async () => {
  await server.stop();
  disk.done();
});

async function measure(value) {
  const answer = await device.sendBatch([{ metric: 'v', time_ms: Date.now(), value }], `n-${value}`);
  if (answer.status === 204) acknowledged.push(value);
  return answer;
}

async function stored() {
  const { points } = is(await ada.get(`/api/v1/devices/${device.id}/readings?metric=v`), 200);
  return points.map((point) => point[1]);
}

test('a full disk is said so to whoever writes', async () => {
  const [core] = server.pidsOf('core');
  for (let i = 0; i < 20; i++) is(await measure(i), 204);
  is(await ada.patch(`/api/v1/devices/${device.id}/desired`, { switches: { a: true } }), 200);
  disk.fill();
  let refused;
  for (let i = 100; i < 20_000 && refused === undefined; i++) {
    const answer = await measure(i);
    if (answer.status !== 204) refused = answer;
  }
  isProblem(refused, 507, 'storage-full');
  assert.match(refused.json.detail, /room/);

  const writes = {
    'a batch': () => device.sendBatch([{ metric: 'v', value: -1 }], 'refused'),
    'a metric': () => device.sendBatch([{ metric: 'w', value: -1 }], 'refused'),
    'a report': () => device.report(1, { refused: true }),
    'a session': () => device.tryToOpenSession(),
    'a switch': () => ada.patch(`/api/v1/devices/${device.id}/desired`, { switches: { a: false } }),
    'a name': () => ada.patch(`/api/v1/devices/${device.id}`, { name: 'refused' }),
    'a device': () => ada.post('/api/v1/devices', { name: 'refused', board: 'linux' }),
    'a token': () => ada.post(`/api/v1/devices/${device.id}/registration-token`),
    'an API key': () => ada.post('/api/v1/api-keys', { name: 'refused', scope: 'read' }),
  };
  for (const [what, write] of Object.entries(writes)) {
    const answer = await write();
    assert.equal(answer.status, 507, `${what}: ${answer.status} ${answer.text}`);
    isProblem(answer, 507, 'storage-full');
  }
  assert.deepEqual(server.pidsOf('core'), [core], 'the core went on');
});

test('reading goes on, and shows nothing of what was refused', async () => {
  is(await ada.get('/healthz'), 200);
  is(await ada.get('/api/v1/me'), 200);
  const { devices } = is(await ada.get('/api/v1/devices'), 200);
  assert.equal(devices.length, 1);
  const [seen] = devices;
  assert.deepEqual([seen.name, seen.desired, seen.desired_version], ['Greenhouse', { switches: { a: true } }, 1]);
  assert.deepEqual([seen.reported, seen.latest.w], [{}, undefined]);
  assert.equal(seen.latest.v.value, acknowledged.at(-1));
  assert.deepEqual(await stored(), acknowledged);
  const path = `/api/v1/devices/${device.id}/readings?metric=v&step=60`;
  assert.equal(is(await ada.get(path), 200).step_s, 60); // minutes that are rolled up when asked for
  is(await device.desired(), 200);
  is(await device.desired({ after: 1, wait: 1 }), 204);
});

test('the same batch is taken once there is room, and everything acknowledged is there', async () => {
  const [core] = server.pidsOf('core');
  disk.free();
  await until('there is room', async () => (await measure(1_000_000)).status === 204);
  is(await device.sendBatch([{ metric: 'w', value: 7 }], 'refused'), 204);
  is(await ada.patch(`/api/v1/devices/${device.id}/desired`, { switches: { a: false } }), 200);
  await device.openSession();
  const { json } = await ada.post('/api/v1/devices', { name: 'welcome', board: 'linux' });
  assert.equal(json.name, 'welcome');
  assert.deepEqual(server.pidsOf('core'), [core], 'without a restart');
  assert.deepEqual(await stored(), acknowledged);
  await server.kill();
  await server.start();
  assert.deepEqual(await stored(), acknowledged);
  const seen = await ada.device(device.id);
  assert.deepEqual([seen.latest.w.value, seen.desired], [7, { switches: { a: false } }]);
});

test('full and free, again and again, under load', async () => {
  let stop = false;
  let value = 2_000_000;
  let refused = 0;
  const load = Array.from({ length: 4 }, async (_, lane) => {
    while (!stop) {
      const answer = await measure((value += 1));
      if (answer.status !== 204) isProblem(answer, 507, 'storage-full'), refused++;
      await sleep(lane);
    }
  });
  for (let i = 0; i < 5; i++) {
    await sleep(100);
    disk.fill();
    await sleep(150);
    disk.free();
  }
  await sleep(100);
  stop = true;
  await Promise.all(load);
  const there = await stored();
  assert.equal(new Set(there).size, there.length);
  assert.deepEqual([...there].sort((a, b) => a - b), [...acknowledged].sort((a, b) => a - b));
  console.log(`full disk: ${acknowledged.length} batches acknowledged, ${refused} refused, none lost`);
});
