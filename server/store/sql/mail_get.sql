-- All of a mail that waits.
-- in:    id int
-- out:   kind text, recipient text, account_id int, subject_id int, detail text, peer blob, created_at_ms int, expires_at_ms int, attempts int
-- rows:  one
-- index: mail primary key
SELECT kind, recipient, account_id, subject_id, detail, peer, created_at_ms, expires_at_ms, attempts
FROM mail WHERE id = $1 AND failed_at_ms = 0
