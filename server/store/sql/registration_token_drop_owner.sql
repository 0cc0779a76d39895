-- No device of this account can register.
-- in:    account_id int
-- rows:  none
-- index: registration_token primary key
DELETE FROM registration_token WHERE device_id IN (SELECT id FROM device WHERE account_id = $1)
