// A network of the test's own: its loopback has as many addresses as it likes, and nobody else's programs are on it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MARK = 'ATTACK_NETWORK';

// A program that cannot choose where it comes from comes from the address that it connects to, when that address is the
// interface's own: so a connection to 127.0.N.1 is one from 127.0.N.1.
export const visitor = (n) => `127.0.${n}.1`;

// Run this script again in such a network, unless it is there already.
export function enterOwnNetwork(visitors) {
  if (process.env[MARK]) return;
  const addresses = Array.from({ length: visitors }, (_, i) => `ip address add ${visitor(i + 1)}/32 dev lo`).join('\n');
  const [uid, gid] = [process.getuid(), process.getgid()];
  // Root inside is only for setting up the network: the server is to run as whoever called.
  const back = uid === 0 ? '' : `unshare --user --map-user=${uid} --map-group=${gid} `;
  const script = `set -e\nip link set lo up\n${addresses}\nexec ${back}"$@"`;
  const root = uid === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawnSync('unshare', [...root, '--net', 'sh', '-c', script, 'sh', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  process.exit(child.status ?? 1);
}

const HELD_STATES = new Set(['01', '08']); // established, and waiting for our close

// The connections that a server of this network holds: remote address and port of each.
function connectionsTo(port) {
  const mine = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = [];
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    // Without an inode it waits to be accepted, or its owner has closed it.
    if (local?.endsWith(mine) && HELD_STATES.has(state) && inode !== '0') found.push(remote);
  }
  return found;
}

const addressOf = (hex) => hex.slice(0, 8).match(/../g).reverse().map((byte) => parseInt(byte, 16)).join('.');

// How long the server has held each connection.
export class ConnectionWatch {
  #seen = new Map(); // remote → [first, last]
  #timer;

  constructor(port) {
    const look = () => {
      const now = performance.now();
      for (const remote of connectionsTo(port)) {
        const times = this.#seen.get(remote);
        if (times === undefined) this.#seen.set(remote, [now, now]);
        else times[1] = now;
      }
    };
    look();
    this.#timer = setInterval(look, 200);
  }

  stop() {
    clearInterval(this.#timer);
  }

  // Of connections from these addresses: { count, longest_s, addresses }.
  from(addresses) {
    const wanted = new Set(addresses);
    let [count, longest] = [0, 0];
    const met = new Set();
    for (const [remote, [first, last]] of this.#seen) {
      const address = addressOf(remote);
      if (!wanted.has(address)) continue;
      count++;
      met.add(address);
      longest = Math.max(longest, last - first);
    }
    return { count, longest_s: longest / 1000, addresses: met.size };
  }
}
