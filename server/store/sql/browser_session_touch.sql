-- The session is in use, from this address.
-- in:    id int, at_ms int, peer blob
-- rows:  none
-- index: browser_session primary key
UPDATE browser_session SET last_used_at_ms = $2, peer = $3 WHERE id = $1
