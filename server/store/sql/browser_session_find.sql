-- The session of a cookie, within its idle and absolute limits, of an active account.
-- in:    digest blob, created_after_ms int, used_after_ms int
-- out:   account_id int, csrf_token text, last_used_at_ms int, created_at_ms int
-- rows:  one
-- index: browser_session primary key
SELECT s.account_id, s.csrf_token, s.last_used_at_ms, s.created_at_ms
FROM browser_session s JOIN account a ON a.id = s.account_id
WHERE s.digest = $1 AND s.created_at_ms > $2 AND s.last_used_at_ms > $3 AND a.is_active = 1
