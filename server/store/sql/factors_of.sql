-- What second factors an account has. A row for every account there is.
-- in:    account_id int
-- out:   is_admin int, totp_since_ms int, recovery_codes int, passkeys int
-- rows:  one
-- index: passkey_account
SELECT a.is_admin,
       coalesce((SELECT totp_since_ms FROM second_factor WHERE account_id = a.id AND totp_sealed != x''), 0),
       (SELECT count(*) FROM recovery_code WHERE account_id = a.id),
       (SELECT count(*) FROM passkey WHERE account_id = a.id)
FROM account a WHERE a.id = $1
