-- Ban an address, or for longer than before.
-- in:    address blob, since_ms int, until_ms int, path text
-- rows:  none
-- index: ban primary key
INSERT INTO ban (address, since_ms, until_ms, path) VALUES ($1, $2, $3, $4)
ON CONFLICT (address) DO UPDATE SET until_ms = excluded.until_ms, path = excluded.path
