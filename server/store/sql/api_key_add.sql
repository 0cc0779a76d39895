-- A key for scripts; only its digest is kept.
-- in:    account_id int, name text, scope int, digest blob, created_at_ms int, expires_at_ms int
-- rows:  none
-- index: api_key.digest
INSERT INTO api_key (account_id, name, scope, digest, created_at_ms, last_used_at_ms, expires_at_ms)
VALUES ($1, $2, $3, $4, $5, 0, $6)
