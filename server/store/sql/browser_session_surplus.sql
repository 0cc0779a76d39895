-- The session of an owner that was used longest ago, if there are this many.
-- in:    account_id int, many int
-- out:   id int
-- rows:  one
-- index: browser_session_account
SELECT id FROM browser_session WHERE account_id = $1 ORDER BY last_used_at_ms DESC, id DESC LIMIT 1 OFFSET $2 - 1
