-- End all sessions of an owner but one; 0: all.
-- in:    account_id int, but_id int
-- rows:  none
-- index: browser_session_account
DELETE FROM browser_session WHERE account_id = $1 AND id <> $2
