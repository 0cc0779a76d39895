-- How many keys an owner has, for the bound.
-- in:    account_id int
-- out:   count int
-- rows:  one
-- index: api_key_account
SELECT count(*) FROM api_key WHERE account_id = $1
