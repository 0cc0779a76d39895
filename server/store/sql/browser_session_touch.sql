-- The session is in use.
-- in:    digest blob, at_ms int
-- rows:  none
-- index: browser_session primary key
UPDATE browser_session SET last_used_at_ms = $2 WHERE digest = $1
