-- The session whose id this is, or was before the present one, within its idle and absolute limits, of an active account.
-- in:    digest blob, created_after_ms int, used_after_ms int
-- out:   id int, account_id int, digest blob, salt blob, rotated_at_ms int, seen_at_ms int, csrf_token text, confirmed_at_ms int, last_used_at_ms int
-- rows:  one
-- index: browser_session.digest, browser_session_previous
SELECT s.id, s.account_id, s.digest, s.salt, s.rotated_at_ms, s.seen_at_ms, s.csrf_token, s.confirmed_at_ms,
    s.last_used_at_ms
FROM browser_session s JOIN account a ON a.id = s.account_id
WHERE (s.digest = $1 OR s.previous = $1) AND s.created_at_ms > $2 AND s.last_used_at_ms > $3 AND a.is_active = 1
