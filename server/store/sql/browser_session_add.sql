-- A browser has signed in.
-- in:    digest blob, account_id int, csrf_token text, at_ms int
-- rows:  none
-- index: browser_session primary key
INSERT INTO browser_session (digest, account_id, csrf_token, created_at_ms, last_used_at_ms)
VALUES ($1, $2, $3, $4, $4)
