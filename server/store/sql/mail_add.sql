-- A mail that waits to leave.
-- in:    kind text, recipient text, account_id int, subject_id int, detail text, peer blob, now_ms int, expires_at_ms int
-- rows:  none
-- index: none
INSERT INTO mail (kind, recipient, account_id, subject_id, detail, peer, created_at_ms, expires_at_ms, next_attempt_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)
