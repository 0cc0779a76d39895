-- Only the newest browsers of an account stay known.
-- in:    account_id int, max int
-- rows:  none
-- index: known_browser_account
DELETE FROM known_browser WHERE account_id = $1 AND digest IN (
    SELECT digest FROM known_browser WHERE account_id = $1 ORDER BY used_at_ms DESC, digest DESC LIMIT -1 OFFSET $2)
