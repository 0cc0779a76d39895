-- What authenticators know the account by.
-- in:    account_id int
-- out:   handle blob
-- rows:  one
-- index: second_factor primary key
SELECT passkey_handle FROM second_factor WHERE account_id = $1
