-- All keys of an owner.
-- in:    account_id int
-- out:   id int, name text, scope int, created_at_ms int, last_used_at_ms int, expires_at_ms int
-- rows:  many
-- index: api_key_account
SELECT id, name, scope, created_at_ms, last_used_at_ms, expires_at_ms FROM api_key WHERE account_id = $1 ORDER BY id
