-- No browser is known to this account any more.
-- in:    account_id int
-- rows:  none
-- index: known_browser_account
DELETE FROM known_browser WHERE account_id = $1
