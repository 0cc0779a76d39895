// The database of a running server, from the side: to look, and to let time pass where no test can wait for it.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
rows = db.execute(sys.argv[2]).fetchall()
db.commit()
print(json.dumps([[value.hex() if isinstance(value, bytes) else value for value in row] for row in rows]))
`;

// The rows of one statement; what is a blob comes as hexadecimal digits.
export function sql(server, statement) {
  const path = join(server.data, 'db', 'oceanremote.db');
  return JSON.parse(execFileSync('python3', ['-c', SCRIPT, path, statement], { encoding: 'utf8' }));
}
