-- The sessions of an owner that are within their limits.
-- in:    account_id int, created_after_ms int, used_after_ms int
-- out:   id int, created_at_ms int, last_used_at_ms int, peer blob, browser text, system text, signed_in_with int
-- rows:  many
-- index: browser_session_account
SELECT id, created_at_ms, last_used_at_ms, peer, browser, system, signed_in_with
FROM browser_session
WHERE account_id = $1 AND created_at_ms > $2 AND last_used_at_ms > $3
ORDER BY last_used_at_ms DESC, id DESC
