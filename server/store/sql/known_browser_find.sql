-- Has this browser signed in to this account before?
-- in:    account_id int, digest blob, used_after_ms int
-- out:   used_at_ms int
-- rows:  one
-- index: known_browser primary key
SELECT used_at_ms FROM known_browser WHERE account_id = $1 AND digest = $2 AND used_at_ms > $3
