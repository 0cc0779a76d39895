-- The session gets another id; shown is what the browser has now.
-- in:    id int, shown blob, digest blob, salt blob, at_ms int, confirmed_at_ms int
-- rows:  none
-- index: browser_session primary key
UPDATE browser_session
SET previous = $2, digest = $3, salt = $4, rotated_at_ms = $5, seen_at_ms = 0, confirmed_at_ms = $6
WHERE id = $1
