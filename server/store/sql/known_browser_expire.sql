-- Browsers that have not signed in for long.
-- in:    used_before_ms int
-- rows:  none
-- index: none; every minute
DELETE FROM known_browser WHERE used_at_ms <= $1
