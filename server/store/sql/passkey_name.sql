-- What an owner calls this passkey of theirs.
-- in:    account_id int, id int
-- out:   name text
-- rows:  one
-- index: passkey primary key
SELECT name FROM passkey WHERE id = $2 AND account_id = $1
