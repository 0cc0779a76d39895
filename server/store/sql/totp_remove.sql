-- The authenticator app is no factor any more.
-- in:    account_id int
-- rows:  none
-- index: second_factor primary key
UPDATE second_factor SET totp_sealed = x'', totp_since_ms = 0, totp_step = 0
WHERE account_id = $1 AND totp_sealed != x''
