-- A mail is given up.
-- in:    id int, now_ms int, error text
-- rows:  none
-- index: mail primary key
UPDATE mail SET failed_at_ms = $2, error = $3 WHERE id = $1
