-- What an owner calls this key.
-- in:    account_id int, id int
-- out:   name text
-- rows:  one
-- index: api_key primary key
SELECT name FROM api_key WHERE account_id = $1 AND id = $2
