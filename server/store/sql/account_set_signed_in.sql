-- Somebody has signed in to this account.
-- in:    id int, at_ms int
-- rows:  none
-- index: account primary key
UPDATE account SET signed_in_at_ms = $2 WHERE id = $1
