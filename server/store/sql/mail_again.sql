-- An attempt has failed; there will be another.
-- in:    id int, next_attempt_at_ms int, error text
-- rows:  none
-- index: mail primary key
UPDATE mail SET next_attempt_at_ms = $2, error = $3 WHERE id = $1 AND failed_at_ms = 0
