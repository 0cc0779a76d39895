-- Nothing waits any more for an account or its address.
-- in:    account_id int, recipient text
-- rows:  none
-- index: none; the table is small
DELETE FROM mail WHERE account_id = $1 OR recipient = $2
