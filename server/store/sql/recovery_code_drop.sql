-- Those of before are good no more.
-- in:    account_id int
-- rows:  none
-- index: recovery_code primary key
DELETE FROM recovery_code WHERE account_id = $1
