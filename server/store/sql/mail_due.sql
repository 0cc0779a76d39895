-- Mails whose time has come, the one that waits longest first.
-- in:    now_ms int, count int
-- out:   id int
-- rows:  many
-- index: mail_due
SELECT id FROM mail WHERE failed_at_ms = 0 AND next_attempt_at_ms <= $1 ORDER BY next_attempt_at_ms LIMIT $2
