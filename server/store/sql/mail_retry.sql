-- At once, given up or not; once given up, its life begins anew.
-- in:    id int, now_ms int, life_ms int
-- rows:  none
-- index: mail primary key
UPDATE mail SET expires_at_ms = CASE WHEN failed_at_ms > 0 OR expires_at_ms <= $2 THEN $2 + $3 ELSE expires_at_ms END,
    next_attempt_at_ms = $2, failed_at_ms = 0 WHERE id = $1
