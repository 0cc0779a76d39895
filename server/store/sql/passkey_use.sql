-- It was used, and counts so far.
-- in:    id int, sign_count int, now_ms int
-- rows:  none
-- index: passkey primary key
UPDATE passkey SET sign_count = $2, last_used_at_ms = $3 WHERE id = $1
