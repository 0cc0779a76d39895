-- After the clock was set back: nobody waits longer than there is reason to.
-- in:    latest_ms int, now_ms int
-- rows:  none
-- index: mail_due
UPDATE mail SET next_attempt_at_ms = $2 WHERE failed_at_ms = 0 AND next_attempt_at_ms > $1
