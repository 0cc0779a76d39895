-- What authenticators know the account by, if it has no such name yet.
-- in:    account_id int, handle blob
-- rows:  none
-- index: second_factor primary key
INSERT INTO second_factor (account_id, passkey_handle) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET passkey_handle = excluded.passkey_handle WHERE passkey_handle = x''
