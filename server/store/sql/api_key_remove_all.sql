-- Revoke every key of an owner.
-- in:    account_id int
-- rows:  none
-- index: api_key_account
DELETE FROM api_key WHERE account_id = $1
