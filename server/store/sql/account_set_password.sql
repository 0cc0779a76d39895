-- A stronger hash of the same password, or a new password.
-- in:    account_id int, password text
-- rows:  none
-- index: account primary key
UPDATE account SET password = $2 WHERE id = $1
