-- End every session of every device of an account.
-- in:    account_id int
-- rows:  none
-- index: device_session_device
DELETE FROM device_session WHERE device_id IN (SELECT id FROM device WHERE account_id = $1)
