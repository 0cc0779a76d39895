-- No device of this account is registered any more: none proves who it is, none is loaded at start.
-- in:    account_id int
-- rows:  none
-- index: device_account
UPDATE device SET registered_at_ms = 0, salt = x'', stored_key = x'', server_key = x'' WHERE account_id = $1
