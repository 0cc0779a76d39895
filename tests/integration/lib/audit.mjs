// The audit trail as it lies in the database, of a running server.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const SCRIPT = `
import json, sqlite3, sys
rows = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute(
    "SELECT event, subject, hex(peer) FROM audit ORDER BY id")
print(json.dumps([list(row) for row in rows]))
`;

// "198.51.100.7" or "2001:DB8:0:0:0:0:0:7"
function addressOf(hex) {
  if (hex.startsWith('00000000000000000000FFFF')) return [24, 26, 28, 30].map((at) => parseInt(hex.slice(at, at + 2), 16)).join('.');
  return hex.match(/..../g).map((part) => parseInt(part, 16).toString(16)).join(':');
}

// [{ event, subject, peer }], oldest first.
export function auditOf(server) {
  const path = ['db/oceanremote.db', 'oceanremote.db'].map((name) => join(server.data, name)).find(existsSync);
  const rows = JSON.parse(execFileSync('python3', ['-c', SCRIPT, path], { encoding: 'utf8' }));
  return rows.map(([event, subject, peer]) => ({ event, subject, peer: addressOf(peer) }));
}
