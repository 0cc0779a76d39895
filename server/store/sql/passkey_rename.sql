-- Another name.
-- in:    account_id int, id int, name text
-- rows:  none
-- index: passkey primary key
UPDATE passkey SET name = $3 WHERE id = $2 AND account_id = $1
