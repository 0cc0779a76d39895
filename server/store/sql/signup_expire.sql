-- Housekeeping: sign-ups whose time is over.
-- in:    now_ms int
-- rows:  none
-- index: none; the table is small
DELETE FROM signup WHERE expires_at_ms <= $1
