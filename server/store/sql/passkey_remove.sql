-- A passkey is no factor any more.
-- in:    account_id int, id int
-- rows:  none
-- index: passkey primary key
DELETE FROM passkey WHERE id = $2 AND account_id = $1
