-- Sessions beyond their limits.
-- in:    created_before_ms int, used_before_ms int
-- rows:  none
-- index: none; every minute
DELETE FROM browser_session WHERE created_at_ms <= $1 OR last_used_at_ms <= $2
