-- All passkeys of an owner.
-- in:    account_id int
-- out:   id int, name text, credential_id blob, created_at_ms int, last_used_at_ms int
-- rows:  many
-- index: passkey_account
SELECT id, name, credential_id, created_at_ms, last_used_at_ms FROM passkey WHERE account_id = $1 ORDER BY id
