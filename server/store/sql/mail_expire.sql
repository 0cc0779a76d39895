-- Mails that are not worth sending any more, but for those just under way, are given up.
-- in:    now_ms int
-- rows:  none
-- index: mail_due
UPDATE mail SET failed_at_ms = $1, error = CASE error WHEN '' THEN 'too late' ELSE 'too late; the last attempt: ' || error END
WHERE failed_at_ms = 0 AND expires_at_ms <= $1 AND next_attempt_at_ms <= $1
