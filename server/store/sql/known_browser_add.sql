-- A browser has signed in to this account.
-- in:    account_id int, digest blob, at_ms int
-- rows:  none
-- index: known_browser primary key
INSERT INTO known_browser (account_id, digest, used_at_ms) VALUES ($1, $2, $3)
ON CONFLICT (account_id, digest) DO UPDATE SET used_at_ms = excluded.used_at_ms
