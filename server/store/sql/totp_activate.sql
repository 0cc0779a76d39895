-- The seed that was shown is the one from now on; the step of its first code is used.
-- in:    account_id int, step int, now_ms int
-- rows:  none
-- index: second_factor primary key
UPDATE second_factor
SET totp_sealed = pending_sealed, totp_since_ms = $3, totp_step = $2, pending_sealed = x'', pending_at_ms = 0
WHERE account_id = $1 AND pending_sealed != x''
