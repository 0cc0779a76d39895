-- A browser has signed in.
-- in:    account_id int, digest blob, csrf_token text, at_ms int, peer blob, browser text, system text, signed_in_with int
-- rows:  none
-- index: browser_session.digest
INSERT INTO browser_session (account_id, digest, csrf_token, rotated_at_ms, seen_at_ms, confirmed_at_ms,
    created_at_ms, last_used_at_ms, peer, browser, system, signed_in_with)
VALUES ($1, $2, $3, $4, 0, $4, $4, $4, $5, $6, $7, $8)
