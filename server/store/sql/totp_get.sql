-- The authenticator app of an account, and one that is being added; '' for none.
-- in:    account_id int
-- out:   totp_sealed blob, totp_step int, pending_sealed blob, pending_at_ms int
-- rows:  one
-- index: second_factor primary key
SELECT totp_sealed, totp_step, pending_sealed, pending_at_ms FROM second_factor WHERE account_id = $1
