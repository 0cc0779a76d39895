-- An account signs in with another address; a known one is a constraint error.
-- in:    account_id int, email text
-- rows:  none
-- index: account primary key
UPDATE account SET email = $2 WHERE id = $1
