-- The browser has the present id.
-- in:    id int, at_ms int
-- rows:  none
-- index: browser_session primary key
UPDATE browser_session SET seen_at_ms = $2, salt = x'' WHERE id = $1
