-- The key a script presents, of an active account.
-- in:    digest blob
-- out:   id int, account_id int, scope int, last_used_at_ms int, expires_at_ms int
-- rows:  one
-- index: api_key.digest
SELECT k.id, k.account_id, k.scope, k.last_used_at_ms, k.expires_at_ms
FROM api_key k JOIN account a ON a.id = k.account_id
WHERE k.digest = $1 AND a.is_active = 1
