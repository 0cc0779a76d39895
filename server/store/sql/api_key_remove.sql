-- Revoke one key of an owner.
-- in:    account_id int, id int
-- rows:  none
-- index: api_key primary key
DELETE FROM api_key WHERE account_id = $1 AND id = $2
