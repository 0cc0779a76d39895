-- What was given up before this is shown no more, nor are more than so many.
-- in:    failed_before_ms int, count int
-- rows:  none
-- index: mail_due
DELETE FROM mail WHERE failed_at_ms > 0 AND (failed_at_ms <= $1 OR id IN
    (SELECT id FROM mail WHERE failed_at_ms > 0 ORDER BY failed_at_ms DESC, next_attempt_at_ms DESC, id DESC LIMIT -1 OFFSET $2))
