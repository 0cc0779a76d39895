-- A code of this step has been shown. No row changes when one of this step or of a later one was before.
-- in:    account_id int, step int
-- rows:  none
-- index: second_factor primary key
UPDATE second_factor SET totp_step = $2 WHERE account_id = $1 AND totp_step < $2 AND totp_sealed != x''
