-- How many devices an owner has, for the bound.
-- in:    account_id int
-- out:   count int
-- rows:  one
-- index: device_account
SELECT count(*) FROM device WHERE account_id = $1
