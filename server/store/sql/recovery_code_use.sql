-- This one is good no more. No row changes when it was not one.
-- in:    account_id int, digest blob
-- rows:  none
-- index: recovery_code primary key
DELETE FROM recovery_code WHERE account_id = $1 AND digest = $2
