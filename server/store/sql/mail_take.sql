-- An attempt begins: no error yet, and the next one if nothing is heard of this.
-- in:    id int, next_attempt_at_ms int
-- rows:  none
-- index: mail primary key
UPDATE mail SET attempts = attempts + 1, error = '', next_attempt_at_ms = $2 WHERE id = $1
