-- No passkey of this account is good any more.
-- in:    account_id int
-- rows:  none
-- index: passkey_account
DELETE FROM passkey WHERE account_id = $1
