-- End one session of an owner.
-- in:    account_id int, id int
-- rows:  none
-- index: browser_session primary key
DELETE FROM browser_session WHERE account_id = $1 AND id = $2
