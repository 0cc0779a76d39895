-- Attempts of which a process before never heard the end: again soon, unless that happens again and again.
-- in:    soon_ms int, attempts_max int
-- rows:  none
-- index: none, at start
UPDATE mail SET next_attempt_at_ms = $1, error = 'interrupted'
WHERE failed_at_ms = 0 AND attempts > 0 AND attempts <= $2 AND error = '' AND next_attempt_at_ms > $1
