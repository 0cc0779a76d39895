-- One of a set of recovery codes.
-- in:    account_id int, digest blob
-- rows:  none
-- index: recovery_code primary key
INSERT INTO recovery_code (account_id, digest) VALUES ($1, $2)
