// The mails that a server wants to send, as they wait in its database, and the links that they would bring.

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';

const PURPOSES = { 'confirm-signup': 1, reset: 2, 'confirm-email': 3 };

const LIST = `
import json, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
db.row_factory = sqlite3.Row
print(json.dumps([dict(row) | {"peer": 0} for row in db.execute("SELECT id, kind, recipient, subject_id, detail FROM mail ORDER BY id")]))
`;

const GIVE = `
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=10)
db.execute("INSERT INTO mail_token VALUES (?, ?, ?, ?, ?)",
           (bytes.fromhex(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], int(time.time() * 1000) + int(sys.argv[6])))
db.commit()
`;

const python = (script, ...args) => execFileSync('python3', ['-c', script, ...args.map(String)], { encoding: 'utf8' });
const database = (server) => join(server.data, 'db', 'oceanremote.db');

// [{ kind, recipient, detail, … }] to this address, or all; oldest first.
export function mailsOf(server, to) {
  return JSON.parse(python(LIST, database(server))).filter(({ recipient }) => to === undefined || recipient === to);
}

export const kindsTo = (server, to) => mailsOf(server, to).map(({ kind }) => kind);

// The token of the link in the newest mail of this kind to this address.
export function tokenOf(server, to, kind, life_ms = 3_600_000) {
  const mail = mailsOf(server, to).findLast((one) => one.kind === kind);
  if (!mail) throw new Error(`no mail ${kind} to ${to}: ${kindsTo(server, to)}`);
  const token = `oc_mail_${randomBytes(32).toString('base64url')}`;
  python(GIVE, database(server), createHash('sha256').update(token).digest('hex'), PURPOSES[kind], mail.subject_id, to, life_ms);
  return token;
}
